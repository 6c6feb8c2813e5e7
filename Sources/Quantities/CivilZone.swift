// Civil time as a value: the core never asks the system which zone it runs in.

/// What clocks on the wall show: a day and the seconds since its midnight, as if it had 24 hours.
public struct CivilTime: Hashable, Sendable {
  /// The calendar day.
  public let day: CivilDay
  /// Seconds since the day's midnight, 0 to 86,399.
  public let secondOfDay: Int

  /// Minutes since midnight, rounded down.
  public var minuteOfDay: Int { secondOfDay / 60 }
}

/// A time zone with all its past transitions and the rule for the years after them.
public struct CivilZone: Hashable, Sendable {
  /// From `at` on (Unix seconds), local time is `offset` seconds ahead of UTC.
  public struct Transition: Hashable, Sendable {
    /// Unix seconds.
    public let at: Int64
    /// Seconds east of UTC.
    public let offset: Int

    /// A transition.
    public init(at: Int64, offset: Int) {
      self.at = at
      self.offset = offset
    }
  }

  /// A yearly change of the clocks: weekday `weekday` (0 Sunday, as POSIX has it) of week `week` (5 is the last).
  public struct YearlyChange: Hashable, Sendable {
    /// Month 1 to 12.
    public let month: Int
    /// Week 1 to 5; 5 is the last of the month.
    public let week: Int
    /// Weekday, 0 Sunday to 6 Saturday.
    public let weekday: Int
    /// Seconds after midnight by the clock before the change; may be negative or beyond a day.
    public let second: Int

    /// A yearly change.
    public init(month: Int, week: Int, weekday: Int, second: Int) {
      self.month = month
      self.week = week
      self.weekday = weekday
      self.second = second
    }

    func localSeconds(year: Int) -> Int64 {
      let first = CivilDay(unchecked: year, month, 1)
      let wanted = (weekday + 6) % 7  // our weeks begin on Monday
      var day = 1 + (wanted - first.weekday + 7) % 7 + (week - 1) * 7
      let length = CivilDay.daysInMonth(year: year, month: month)
      while day > length { day -= 7 }
      return CivilDay(unchecked: year, month, day).daysSinceEpoch * 86_400 + Int64(second)
    }
  }

  /// Standard and summer time for ever after the last transition (the TZ string of RFC 8536 §3.3).
  public struct Rule: Hashable, Sendable {
    /// Seconds east of UTC in standard time.
    public let standard: Int
    /// Summer time, if the zone has one: its offset, its begin, its end.
    public let daylight: Daylight?

    /// Summer time of a rule.
    public struct Daylight: Hashable, Sendable {
      /// Seconds east of UTC.
      public let offset: Int
      /// When clocks go forward, by standard time.
      public let begins: YearlyChange
      /// When clocks go back, by summer time.
      public let ends: YearlyChange

      /// Summer time of a rule.
      public init(offset: Int, begins: YearlyChange, ends: YearlyChange) {
        self.offset = offset
        self.begins = begins
        self.ends = ends
      }
    }

    /// A rule.
    public init(standard: Int, daylight: Daylight?) {
      self.standard = standard
      self.daylight = daylight
    }

    func offset(at seconds: Int64) -> Int {
      guard let daylight else { return standard }
      let year = CivilDay(daysSinceEpoch: (seconds + Int64(standard)).floorDivided(by: 86_400)).components.year
      let begin = daylight.begins.localSeconds(year: year) - Int64(standard)
      let end = daylight.ends.localSeconds(year: year) - Int64(daylight.offset)
      let isSummer = begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end
      return isSummer ? daylight.offset : standard
    }
  }

  /// The name people know it by, such as `Europe/Paris`.
  public let name: String
  let initialOffset: Int
  let transitions: [Transition]
  let rule: Rule?

  /// A zone from its parts; `transitions` must rise in time.
  public init(name: String, initialOffset: Int, transitions: [Transition], rule: Rule?) {
    self.name = name
    self.initialOffset = initialOffset
    self.transitions = transitions
    self.rule = rule
  }

  /// Coordinated Universal Time.
  public static let utc = CivilZone(name: "UTC", initialOffset: 0, transitions: [], rule: nil)

  /// Seconds east of UTC at a moment.
  public func offset(atUnixSeconds seconds: Int64) -> Int {
    guard let last = transitions.last else { return rule?.offset(at: seconds) ?? initialOffset }
    if seconds >= last.at { return rule?.offset(at: seconds) ?? last.offset }
    var low = 0
    var high = transitions.count
    while low < high {  // the first transition after `seconds`
      let middle = (low + high) / 2
      if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? initialOffset : transitions[low - 1].offset
  }

  /// What clocks show at a moment.
  public func civil(_ instant: Instant) -> CivilTime {
    let local = instant.seconds + Int64(offset(atUnixSeconds: instant.seconds))
    let day = local.floorDivided(by: 86_400)
    return CivilTime(day: CivilDay(daysSinceEpoch: day), secondOfDay: Int(local - day * 86_400))
  }

  /// Which of the two moments is meant when clocks show a time twice.
  public enum Occurrence: Sendable { case first, last }

  /// The moment at which clocks show `secondOfDay` (which may lie beyond 24 h) on a day.
  ///
  /// A time that clocks skip in spring is the moment of the change; one that they show twice is told by `occurrence`
  /// (an opening takes the first, a closing the last).
  public func instant(_ day: CivilDay, secondOfDay: Int, occurrence: Occurrence = .first) -> Instant {
    let local = day.daysSinceEpoch * 86_400 + Int64(secondOfDay)
    let before = offset(atUnixSeconds: local - 86_400)
    let after = offset(atUnixSeconds: local + 86_400)
    let early = local - Int64(max(before, after))
    let late = local - Int64(min(before, after))
    if early == late { return Instant(seconds: early) }
    let isEarlyShown = early + Int64(offset(atUnixSeconds: early)) == local
    let isLateShown = late + Int64(offset(atUnixSeconds: late)) == local
    if isEarlyShown && isLateShown { return Instant(seconds: occurrence == .first ? early : late) }
    if isEarlyShown { return Instant(seconds: early) }
    if isLateShown { return Instant(seconds: late) }
    var low = early
    var high = late  // the change lies in (low, high]
    while high - low > 1 {
      let middle = (low + high) / 2
      if offset(atUnixSeconds: middle) == before { low = middle } else { high = middle }
    }
    return Instant(seconds: high)
  }

  /// RFC 3339 text in this zone's local time.
  public func text(_ instant: Instant) -> String {
    instant.rfc3339(offset: offset(atUnixSeconds: instant.seconds))
  }
}
