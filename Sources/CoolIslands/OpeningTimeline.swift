// From a timetable to moments: when a place is open, or may be.

public import Publication
public import Quantities

extension OpeningHours {
  /// Intervals in which the place is open or perhaps open, sorted, apart from each other, for some civil days.
  ///
  /// - Parameters:
  ///   - first: the first day; spans of the day before that reach into it are included.
  ///   - days: how many days.
  ///   - zone: civil time of the place.
  ///   - holidays: what `PH` means.
  /// - Returns: sorted intervals, none touching another of its state.
  public func intervals(
    from first: CivilDay, days: Int, zone: CivilZone, holidays: Set<CivilDay>
  ) -> [PublicInterval] {
    var found: [PublicInterval] = []
    var (owner, spans) = day(first.adding(days: -1), holidays)
    for offset in 0...days {
      let current = first.adding(days: Int64(offset) - 1)
      let (nextOwner, nextSpans) = day(current.adding(days: 1), holidays)
      // A later rule that owns the next day erases what spills into it.
      let end = nextOwner > owner ? 1440 : 2880
      for span in spans {
        let clipped = min(span.end, end)
        guard clipped > span.start else { continue }
        found.append(
          PublicInterval(
            from: zone.instant(current, secondOfDay: span.start * 60),
            until: zone.instant(current, secondOfDay: clipped * 60, occurrence: .last), state: span.state))
      }
      (owner, spans) = (nextOwner, nextSpans)
    }
    return Self.merged(found)
  }

  struct DaySpan {
    var start: Int
    var end: Int
    var state: OpeningState
  }

  /// The rule that owns a day (-1 for none) and the day's spans in minutes.
  private func day(_ day: CivilDay, _ holidays: Set<CivilDay>) -> (owner: Int, spans: [DaySpan]) {
    let date = day.components
    let isHoliday = holidays.contains(day)
    var owner = -1
    var spans: [DaySpan] = []
    for (index, rule) in rules.enumerated() where rule.matches(date, weekday: day.weekday, isHoliday: isHoliday) {
      let times = rule.times.isEmpty ? [TimeSpan(start: 0, end: 1440)] : rule.times
      switch rule.state {
      case .closed:
        if rule.times.isEmpty {
          spans = []
          owner = index
        } else {
          for time in times { spans = spans.flatMap { $0.without(time) } }
        }
      case .open, .unknown:
        if !rule.isAddition {
          spans = []
          owner = index
        }
        spans += times.map {
          DaySpan(start: $0.start, end: $0.end, state: rule.state == .open ? .open : .unknown)
        }
      }
    }
    return (owner, spans)
  }

  /// Sorts, joins neighbours of one state, and lets an earlier interval keep what a later one overlaps.
  private static func merged(_ intervals: [PublicInterval]) -> [PublicInterval] {
    var result: [PublicInterval] = []
    for var interval in intervals.sorted(by: { ($0.from, $0.until) < ($1.from, $1.until) }) {
      guard let last = result.last, last.until >= interval.from else {
        result.append(interval)
        continue
      }
      if last.state == interval.state {
        result[result.count - 1].until = max(last.until, interval.until)
      } else if interval.until > last.until {
        interval.from = last.until
        result.append(interval)
      }
    }
    return result.filter { $0.from < $0.until }
  }
}

extension OpeningHours.Rule {
  func matches(_ date: (year: Int, month: Int, day: Int), weekday: Int, isHoliday: Bool) -> Bool {
    if !dates.isEmpty && !dates.contains(where: { $0.contains(date) }) { return false }
    return weekdays & 1 << UInt8(weekday) != 0 || (holidays && isHoliday)
  }
}

extension OpeningHours.DaySpan {
  func without(_ time: OpeningHours.TimeSpan) -> [Self] {
    guard time.start < end, time.end > start else { return [self] }
    var rest: [Self] = []
    if time.start > start { rest.append(.init(start: start, end: time.start, state: state)) }
    if time.end < end { rest.append(.init(start: time.end, end: end, state: state)) }
    return rest
  }
}
