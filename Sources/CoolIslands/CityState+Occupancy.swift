// How full it is: what the public may know of the head count, and when that returns to nobody.

internal import Publication
internal import Quantities
internal import RingSeries
internal import Timetables

extension CityState {
  /// What the programme leaves of a place's capacity at a moment; nil where there is none.
  func capacity(_ index: Int, at now: Instant) -> Int? {
    guard let capacity = city.places[index].capacity else { return nil }
    var left = capacity
    for slot in places[index].slots.prefix(while: { $0.from <= now }) where now < slot.until {
      guard case .takes(let people?) = slot.effect else { return 0 }
      left -= people
    }
    return max(0, left)
  }

  /// Whether slots of the programme take all of the place.
  func rooms(_ index: Int, at now: Instant) -> AvailabilityFacts.Rooms {
    guard traits[index].hasProgramme, let programme = city.places[index].programme else { return .left }
    let isTaken =
      if let capacity = city.places[index].capacity, capacity > 0 {
        self.capacity(index, at: now) == 0
      } else {
        places[index].slots.contains { $0.from <= now && now < $0.until && $0.effect == .takes(nil) }
      }
    return isTaken ? .taken : programme.isWhole ? .left : .uncertain
  }

  /// The head count returns to nobody once a day: when the grace after the day's last closing has passed, or where a place
  /// never closes at its own hour.
  ///
  /// Somebody who is seen postpones it; who is still there when the place is open again is one of its visitors. A place
  /// that stays open by heat, by its programme or by somebody's decision is not empty.
  mutating func resetHeadcount(_ index: Int, at now: Instant) {
    guard traits[index].patience != nil else { return }
    if let last = places[index].openedSpeciallyAt, now - last < city.choices.resetGrace { return }
    if let second = traits[index].emptyAt {
      let today = city.zone.civil(now).day
      let due = [0, -1].map { city.zone.instant(today.adding(days: $0), secondOfDay: second) }.first { $0 <= now }
      guard let due, isResetDue(index, due), !isSomeoneSeen(index, at: now) else { return }
      // What could not be done in its time must not be done when visitors are there again.
      return now - due <= .hours(2)
        ? places[index].headcount.reset(at: due) : places[index].headcount.skipReset(at: due)
    }
    let intervals = openTimes(index, at: now)
    let passed = intervals.indices.last { number in
      guard intervals[number].until + city.choices.resetGrace <= now else { return false }
      let next = number + 1 < intervals.count ? city.zone.civil(intervals[number + 1].from).day : nil
      return next != city.zone.civil(intervals[number].from).day
    }
    // Where it was open beyond all hours, by somebody's decision or a level that has dropped, that moment counts.
    let special = places[index].openedSpeciallyAt.map { last in
      intervals.first { $0.from <= last && last < $0.until }?.until ?? last
    }
    guard let closed = [passed.map { intervals[$0].until }, special].compactMap({ $0 }).max() else { return }
    let due = closed + city.choices.resetGrace
    guard due <= now, isResetDue(index, due) else { return }
    guard isSomeoneSeen(index, at: now) else { return places[index].headcount.reset(at: due) }
    if intervals.contains(where: { $0.from <= now && now < $0.until }) { places[index].headcount.skipReset(at: due) }
  }

  /// Whether a moment to return to nobody has not been looked at; one before the configuration is none of its own.
  private func isResetDue(_ index: Int, _ due: Instant) -> Bool {
    due > max(places[index].headcount.lastReset ?? .distantPast, places[index].configuredAt ?? .distantPast)
  }

  /// When a place is open in these days: by its timetable, its programme, and the hours that heat has switched on.
  private func openTimes(_ index: Int, at now: Instant) -> [PublicInterval] {
    let rules = city.places[index].heatHours
    guard !rules.isEmpty || !places[index].programmeIntervals.isEmpty else { return places[index].intervals }
    let level = heat.effective(at: now)?.level ?? 0
    var all = places[index].intervals + places[index].programmeIntervals
    for (number, rule) in rules.enumerated() where rule.minLevel <= level { all += places[index].heatIntervals[number] }
    var merged: [PublicInterval] = []
    for interval in all.sorted(by: { $0.from < $1.from }) {
      if let last = merged.last, interval.from <= last.until {
        merged[merged.count - 1].until = max(last.until, interval.until)
      } else {
        merged.append(interval)
      }
    }
    return merged
  }

  /// Whether a sensor that counts heads or sees people says that somebody is there.
  private func isSomeoneSeen(_ index: Int, at now: Instant) -> Bool {
    traits[index].sensors.contains { sensor in
      guard isAlive(sensor, at: now) else { return false }
      if sensors[sensor].occupied == true { return true }
      return wires[sensor].headcount.map { (bank.latest(of: $0)?.value ?? 0) > 0 } ?? false
    }
  }

  /// Whether a living sensor counts: one that sees nobody in its corner does not know of a crowd better than a door.
  private func isCounted(_ index: Int, at now: Instant) -> Bool {
    traits[index].sensors.contains { wires[$0].counts && isAlive($0, at: now) }
  }

  /// What the public knows of the occupancy changes on a five-minute grid, and depends on level and capacity alone.
  mutating func updateOccupancy(_ index: Int, at now: Instant) {
    guard let patience = traits[index].patience else {
      places[index].occupancy.forget()
      places[index].publicOccupancy = nil
      return
    }
    let grid = now.floored(toMilliseconds: Self.occupancyGrid.milliseconds)
    guard grid == now, places[index].occupancySetAt != grid else { return }
    places[index].occupancySetAt = grid
    if let since = places[index].headcount.freeSince, now - since >= city.choices.freeGrace,
      places[index].headcount.mayBeDrift || !isCounted(index, at: now)
    {
      places[index].headcount.rebase(to: 0)
      places[index].headcount.notePresence(isFree: false, at: now)  // whoever passes a counter now is there
    }
    guard let heard = places[index].headcount.lastHeard, now - heard <= patience,
      city.places[index].programme?.isWhole ?? true,
      let capacity = capacity(index, at: now), capacity > 0
    else {
      places[index].occupancy.forget()
      places[index].publicOccupancy = nil
      return
    }
    let people = max(0, places[index].headcount.people - Int64(city.places[index].staff))
    let share = min(1000, people * 1000 / Int64(capacity))
    let borders = city.choices.occupancyBorders
    let level = OccupancyLevel.allCases[
      places[index].occupancy.update(share, borders: borders, margin: PrivacyGate.margin, patience: nil, at: now)]
    places[index].publicOccupancy = PrivacyGate.occupancy(level: level, capacity: capacity, borders: borders)
  }
}
