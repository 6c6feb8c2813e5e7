// When a place is open in the days ahead, by all that is known now: what people are told who ask for tonight.

internal import Publication
internal import Quantities

extension CityState {
  /// When a place is or may be open: its timetable, its programme, hours of the heat that has been announced, and what
  /// somebody decided.
  func openings(_ index: Int) -> [PublicInterval] {
    let place = places[index]
    let end = traits[index].timetableEnds ?? .distantFuture
    let regular: [PublicInterval] =
      traits[index].timetable == .hours
      ? place.intervals.filter { $0.from < end }.map {
        PublicInterval(from: $0.from, until: min($0.until, end), state: $0.state)
      } : []
    if place.override == nil, place.programmeIntervals.isEmpty, !traits[index].hasHeatHours { return regular }
    let lists = [regular, place.programmeIntervals] + place.heatIntervals
    var borders = Set(lists.joined().flatMap { [$0.from, $0.until] })
    if let until = place.override?.until { borders.formUnion([until, until - .days(1)]) }
    var change = borders.min()
    while let last = change, let next = heat.nextChange(after: last), borders.count < 1000 {
      borders.insert(next)
      change = next
    }
    var openings: [PublicInterval] = []
    let sorted = borders.sorted()
    for (from, until) in zip(sorted, sorted.dropFirst()) {
      let state = state(index, lists: lists, at: from)
      guard state == .open || state == .unknown else { continue }
      if let last = openings.last, last.until == from, last.state == state {
        openings[openings.count - 1].until = until
      } else {
        openings.append(PublicInterval(from: from, until: until, state: state))
      }
    }
    return openings
  }

  /// What holds at a moment: the timetable, the programme, then each heat rule of the level that is announced for it.
  private func state(_ index: Int, lists: [[PublicInterval]], at moment: Instant) -> OpeningState {
    if let override = places[index].override, moment < override.until { return override.state }
    var holding = Array(lists.prefix(2))
    let level = heat.effective(at: moment)?.level ?? 0
    for (number, rule) in city.places[index].heatHours.enumerated() where rule.minLevel <= level {
      if rule.mode == .replace { holding = [] }
      holding.append(lists[number + 2])
    }
    let states = holding.joined().filter { $0.from <= moment && moment < $0.until }.map(\.state)
    return states.contains(.open) ? .open : states.first ?? .closed
  }
}
