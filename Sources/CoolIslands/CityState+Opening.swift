// Whether a place is open: by its timetable, by hours that heat switches on, by somebody's decision.

internal import Publication
internal import Quantities
internal import Timetables

extension CityState {
  /// Computes the intervals of a place from its day.
  mutating func restoreIntervals(_ index: Int) {
    let place = city.places[index]
    places[index].openings = nil
    guard let day = places[index].day else {
      (places[index].intervals, places[index].heatIntervals) = ([], [])
      (places[index].slots, places[index].programmeIntervals, places[index].publicSlots) = ([], [], [])
      return
    }
    let calendar = city.calendar(of: index)
    func intervals(_ hours: OpeningHours) -> [PublicInterval] {
      hours.openIntervals(from: day.adding(days: -1), days: Self.daysAhead + 2, in: calendar)
    }
    if case .hours(let hours) = place.opening {
      places[index].intervals = intervals(hours)
    } else {
      places[index].intervals = []
    }
    places[index].heatIntervals = place.heatHours.map { intervals($0.hours) }
    let slots =
      place.programme?.slots(
        from: day.adding(days: -1), days: Int64(Self.daysAhead) + 2, in: city.zone) ?? []
    places[index].slots = slots.filter { $0.effect != .opens }
    places[index].programmeIntervals = slots.filter { $0.effect == .opens }.map {
      PublicInterval(from: $0.from, until: $0.until, state: .open)
    }
    places[index].publicSlots = slots.map { slot in
      // What is left at its least crowded moment nobody can rely on.
      let starts = slots.map(\.from).filter { $0 >= slot.from && $0 < slot.until }
      let left = starts.compactMap { capacity(index, at: $0) }.min()
      let isKnown = slot.effect != .opens && place.programme?.isWhole ?? false
      return PublicSlot(
        from: slot.from, until: slot.until, opens: slot.effect == .opens, capacityLeft: isKnown ? left : nil)
    }
  }

  /// What holds at a moment, and why.
  mutating func opening(_ index: Int, at now: Instant) -> (PublicIndicators.Opening, Reason) {
    if let override = places[index].override {
      return (.init(state: override.state, until: override.until, rule: .override), .overridden)
    }
    let regular = openingByProgramme(index, regularOpening(index, at: now), at: now)
    guard traits[index].hasHeatHours else { return regular }
    let before = places[index].heatOpenUntil
    let found = openingInHeat(city.places[index].heatHours, index, regular, at: now)
    if places[index].heatOpenUntil != before { places[index].openings = openings(index) }
    return (foreseen(found.0, index, at: now), found.1)
  }

  /// A level that is announced to change may end what holds now sooner or later than the hours of today's level do.
  private func foreseen(
    _ opening: PublicIndicators.Opening, _ index: Int, at now: Instant
  ) -> PublicIndicators.Opening {
    guard heat.nextChange(after: now) != nil, let openings = places[index].openings,
      opening.state == .open || opening.state == .closed
    else { return opening }
    let running = openings.first { $0.from <= now && now < $0.until }
    guard running?.state ?? .closed == opening.state else { return opening }
    var end = running?.until ?? openings.first { $0.from > now }?.from
    while let last = end, let next = openings.first(where: { $0.from == last && $0.state == opening.state }) {
      end = next.until
    }
    var foreseen = opening
    foreseen.until = end.flatMap { ending($0, index, now) }
    return foreseen
  }

  /// What the timetable alone says.
  private func regularOpening(_ index: Int, at now: Instant) -> (PublicIndicators.Opening, Reason) {
    switch traits[index].timetable {
    case .none: return (.init(state: .unknown, until: nil, rule: .regular), .noTimetable)
    case .unreadable: return (.init(state: .unknown, until: nil, rule: .regular), .hoursUnreadable)
    case .contradicted: return (.init(state: .contradicted, until: nil, rule: .regular), .hoursContradicted)
    case .hours: break
    }
    if let end = traits[index].timetableEnds, now >= end {
      return (.init(state: .unknown, until: nil, rule: .regular), .timetableExpired)
    }
    let (state, until) = places[index].intervals.status(at: now)
    return (.init(state: state, until: until.flatMap { ending($0, index, now) }, rule: .regular), Self.reason(state))
  }

  private static func reason(_ state: OpeningState) -> Reason {
    switch state {
    case .open: .openNow
    case .closed: .closedNow
    case .unknown, .contradicted: .hoursUncertain
    }
  }

  /// A slot of the programme may open the place beside its timetable.
  private func openingByProgramme(
    _ index: Int, _ regular: (PublicIndicators.Opening, Reason), at now: Instant
  ) -> (PublicIndicators.Opening, Reason) {
    let slots = places[index].programmeIntervals
    guard !slots.isEmpty, regular.0.state != .open || regular.0.until != nil else { return regular }
    let (state, until) = [places[index].intervals, slots].status(at: now)
    let end = until.flatMap { ending($0, index, now) }
    if state == .open {
      return (.init(state: .open, until: end, rule: regular.0.state == .open ? .regular : .programme), .openNow)
    }
    guard regular.0.state == .closed else { return regular }
    return (.init(state: state, until: end, rule: .regular), Self.reason(state))
  }

  /// What the hours say that heat has switched on.
  ///
  /// A rule that replaces takes the place of the timetable and of rules of lower levels; one that adds is a union with
  /// them. When the level drops, a place stays open to the end of the span that it was opened for, unless its rule says
  /// that it closes at once, or another one replaces the timetable then.
  private mutating func openingInHeat(
    _ rules: [HeatHours], _ index: Int, _ regular: (PublicIndicators.Opening, Reason), at now: Instant
  ) -> (PublicIndicators.Opening, Reason) {
    let heat = heat.effective(at: now)
    var lists: [[PublicInterval]] = [places[index].intervals, places[index].programmeIntervals]
    var isReplaced = false
    var active: [Int] = []
    for (number, rule) in rules.enumerated() where rule.minLevel <= heat?.level ?? 0 {
      if rule.mode == .replace {
        (lists, active, isReplaced) = ([], [], true)
      }
      lists.append(places[index].heatIntervals[number])
      active.append(number)
    }
    let (state, until) = lists.status(at: now)
    let heatLists = active.map { places[index].heatIntervals[$0] }
    let isByHeat = isReplaced || heatLists.status(at: now).state == .open && regular.0.state != .open
    if isByHeat, state == .open {
      let own = active.filter { places[index].heatIntervals[$0].status(at: now).state == .open }
      let stops = own.contains { rules[$0].onDrop == .stop }
      // What never ends by itself ends with the heat.
      places[index].heatOpenUntil = stops ? nil : heatLists.status(at: now).until.flatMap { ending($0, index, now) }
      var end = until.flatMap { ending($0, index, now) }
      if stops, let drop = heat?.until { end = min(end ?? drop, drop) }
      return (.init(state: .open, until: end, rule: .heat), .openNow)
    }
    if let until = places[index].heatOpenUntil {
      if until > now, !isReplaced, state != .open || regular.0.state != .open {
        return (.init(state: .open, until: until, rule: .heat), .openNow)
      }
      if until <= now { places[index].heatOpenUntil = nil }
    }
    guard !active.isEmpty else { return regular }
    let isKnown = regular.0.state == .open || regular.0.state == .closed
    if !isReplaced && !isKnown && state != .open { return regular }
    let end = until.flatMap { ending($0, index, now) }
    return (.init(state: state, until: end, rule: isReplaced ? .heat : .regular), Self.reason(state))
  }

  /// When something ends; nil if it reaches to the end of what is known ahead, since it may never end.
  private func ending(_ until: Instant, _ index: Int, _ now: Instant) -> Instant? {
    guard until - now > .days(Int64(Self.daysAhead) - 1) else { return until }
    let today = places[index].day ?? city.zone.civil(now).day
    return until >= city.zone.instant(today.adding(days: Int64(Self.daysAhead) + 1), secondOfDay: 0) ? nil : until
  }
}

extension [PublicInterval] {
  /// A timetable at a moment: the state, and when it changes; nil if no interval says so.
  fileprivate func status(at now: Instant) -> (state: OpeningState, until: Instant?) {
    // They are apart and in order; it is asked at every evaluation.
    for interval in self where interval.until > now {
      return interval.from <= now ? (interval.state, interval.until) : (.closed, interval.from)
    }
    return (.closed, nil)
  }
}

extension [[PublicInterval]] {
  /// The union of some timetables at a moment: open if one is, unknown if one may be.
  fileprivate func status(at now: Instant) -> (state: OpeningState, until: Instant?) {
    if var until = end(of: .open, at: now) {
      while let further = end(of: .open, at: until) { until = further }
      return (.open, until)
    }
    let nextOpening = nextStart(after: now) { $0 == .open }
    if let until = end(of: .unknown, at: now) { return (.unknown, nextOpening.map { Swift.min($0, until) } ?? until) }
    return (.closed, nextStart(after: now) { _ in true })
  }

  private func end(of state: OpeningState, at moment: Instant) -> Instant? {
    joined().filter { $0.state == state && $0.from <= moment && moment < $0.until }.map(\.until).max()
  }

  private func nextStart(after moment: Instant, where isMeant: (OpeningState) -> Bool) -> Instant? {
    joined().filter { isMeant($0.state) && $0.from > moment }.map(\.from).min()
  }
}
