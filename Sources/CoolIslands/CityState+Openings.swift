// When a place is open in the days ahead, by all that is known now: what people are told who ask for tonight.

internal import Publication
internal import Quantities

extension CityState {
  /// When a place is or may be open: its timetable, its programme, hours of the heat that has been announced, and what
  /// somebody decided.
  func openings(_ index: Int) -> [PublicInterval] {
    let place = places[index]
    let lists = hours(index)
    if place.override == nil, place.programmeIntervals.isEmpty, !traits[index].hasHeatHours { return lists[0] }
    var borders = Set(lists.joined().flatMap { [$0.from, $0.until] })
    if let override = place.override, let day = place.day {
      borders.formUnion([override.until, city.zone.instant(day.adding(days: -1), secondOfDay: 0)])
    }
    var change = borders.min()
    while let last = change, let next = heat.nextChange(after: last), borders.count < 1000 {
      borders.insert(next)
      change = next
    }
    var openings: [PublicInterval] = []
    let sorted = borders.sorted()
    for (from, until) in zip(sorted, sorted.dropFirst()) {
      let (state, rule) = state(index, lists, at: from, level: heat.effective(at: from)?.level ?? 0)
      guard state == .open || state == .unknown else { continue }
      if let last = openings.last, last.until == from, last.state == state, last.rule == rule {
        openings[openings.count - 1].until = until
      } else {
        openings.append(PublicInterval(from: from, until: until, state: state, rule: rule))
      }
    }
    return openings
  }

  /// Whether a place is open at a moment of the next days, were the heat at a level then.
  func isOpen(_ index: Int, at moment: Instant, level: Int) -> Bool {
    state(index, hours(index), at: moment, level: level).0 == .open
  }

  /// The hours of its timetable as far as they are believed, of its programme, and of each of its rules in heat.
  private func hours(_ index: Int) -> [[PublicInterval]] {
    let place = places[index]
    let end = traits[index].timetableEnds ?? .distantFuture
    let regular: [PublicInterval] =
      traits[index].timetable == .hours
      ? place.intervals.filter { $0.from < end }.map {
        PublicInterval(from: $0.from, until: min($0.until, end), state: $0.state)
      } : []
    // After a configuration and before the first evaluation there may be more rules than intervals.
    let heat = city.places[index].heatHours.indices.map { number in
      number < place.heatIntervals.count ? place.heatIntervals[number] : []
    }
    return [regular, place.programmeIntervals] + heat
  }

  /// Whether the heat reaches a level at some moment of a span, as far as it is announced.
  private func reaches(_ level: Int, _ from: Instant, _ to: Instant) -> Bool {
    var moment = from
    while moment <= to {
      if heat.effective(at: moment)?.level ?? 0 >= level { return true }
      guard let next = heat.nextChange(after: moment) else { return false }
      moment = next
    }
    return false
  }

  /// What holds at a moment: the timetable, the programme, then each heat rule of the level that is announced for it.
  private func state(
    _ index: Int, _ lists: [[PublicInterval]], at moment: Instant, level: Int
  ) -> (OpeningState, OpeningRule) {
    if let override = places[index].override, moment < override.until { return (override.state, .override) }
    func status(_ lists: some Sequence<[PublicInterval]>) -> OpeningState {
      let states = lists.joined().filter { $0.from <= moment && moment < $0.until }.map(\.state)
      return states.contains(.open) ? .open : states.first ?? .closed
    }
    var holding = Array(lists.prefix(2))
    let rules = city.places[index].heatHours
    var isReplaced = false
    for (number, rule) in rules.enumerated() where rule.minLevel <= level {
      if rule.mode == .replace { (holding, isReplaced) = ([], true) }
      holding.append(lists[number + 2])
    }
    // A span that heat has begun goes on when the level drops, unless it shall not, or others replace the timetable.
    for (number, rule) in rules.enumerated() where rule.minLevel > level && rule.onDrop != .stop && !isReplaced {
      let span = lists[number + 2].first { $0.state == .open && $0.from <= moment && moment < $0.until }
      guard let span else { continue }
      // That it was announced may have been taken back since.
      if reaches(rule.minLevel, span.from, moment) || span.until == places[index].heatOpenUntil {
        holding.append([span])
      }
    }
    let state = status(holding)
    if status(lists.prefix(1)) == state { return (state, .regular) }
    return (state, status(lists.prefix(2)) == state ? .programme : .heat)
  }
}
