// From days to moments: what holds when, and what comes next.

public import Quantities

/// A time in which one thing holds.
public struct OpeningInterval: Hashable, Sendable {
  /// The first moment.
  public var from: Instant
  /// The first moment after.
  public var until: Instant
  /// Open, closed, or nobody knows.
  public var state: OpeningHours.State
  /// What the timetable says about it.
  public var comment: String?
}

extension OpeningHours {
  /// How far ahead the next change is looked for: leap days that are Mondays come back within 28 years.
  private static let horizon: Int64 = 30 * 366

  /// Whether it is open at every moment of a year, holidays included.
  public var isAlwaysOpen: Bool {
    let year = usualYear
    return year.count == 1 && year[0].state == .open
  }

  /// Whether it says the same as another timetable at every moment of a year, holidays included.
  public func agrees(with other: OpeningHours) -> Bool {
    usualYear.map { OpeningInterval(from: $0.from, until: $0.until, state: $0.state) }
      == other.usualYear.map { OpeningInterval(from: $0.from, until: $0.until, state: $0.state) }
  }

  /// What holds in 2026, France's holidays included; a timetable that is compared over it needs no city.
  private var usualYear: [OpeningInterval] {
    let calendar = HoursCalendar(zone: .utc, publicHolidays: PublicHolidays(.france))
    return intervals(from: CivilDay(daysSinceEpoch: 20_454), days: 365, in: calendar)
  }

  /// What holds in some civil days, closed times included, in order and without gaps.
  ///
  /// - Parameters:
  ///   - first: the first day; what reaches into it from the day before is included.
  ///   - days: how many days.
  ///   - calendar: the surroundings.
  /// - Returns: intervals of which no two neighbours say the same.
  public func intervals(from first: CivilDay, days: Int, in calendar: HoursCalendar) -> [OpeningInterval] {
    var result: [OpeningInterval] = []
    for offset in 0..<Int64(max(0, days)) { append(first.adding(days: offset), calendar, to: &result) }
    return result
  }

  /// What holds at a moment, and until when: the first moment at which the state is another.
  ///
  /// - Parameters:
  ///   - instant: the moment.
  ///   - calendar: the surroundings.
  /// - Returns: state and comment; no end if there is none within thirty years.
  public func status(
    at instant: Instant, in calendar: HoursCalendar
  ) -> (state: State, comment: String?, until: Instant?) {
    let today = calendar.zone.civil(instant).day
    var result: [OpeningInterval] = []
    append(today.adding(days: -1), calendar, to: &result)
    append(today, calendar, to: &result)
    let current = result.firstIndex { $0.until > instant } ?? result.count - 1
    let now = result[current]
    if let next = result[current...].first(where: { $0.state != now.state }) {
      return (now.state, now.comment, next.from)
    }
    for ahead in 1...Self.horizon {
      let before = result.count
      append(today.adding(days: ahead), calendar, to: &result)
      if let next = result[(before - 1)...].first(where: { $0.state != now.state }) {
        return (now.state, now.comment, next.from)
      }
      result.removeFirst(result.count - 1)
    }
    return (now.state, now.comment, nil)
  }

  /// Adds a civil day to intervals that end where it begins.
  private func append(_ day: CivilDay, _ calendar: HoursCalendar, to result: inout [OpeningInterval]) {
    let zone = calendar.zone
    let parts = parts(of: day, calendar)
    let midnight = zone.instant(day, secondOfDay: 0)
    for (index, part) in parts.enumerated() {
      // An opening takes the first of two moments that clocks show alike, whatever ends the second.
      func border(_ minute: Int, _ opens: Bool) -> Instant {
        zone.instant(day, secondOfDay: minute * 60, occurrence: opens ? .first : .last)
      }
      let isOpening = index > 0 && parts[index - 1].state == .closed
      let opensNext = index + 1 < parts.count && part.state == .closed
      let from = part.start == 0 ? midnight : border(part.start, isOpening)
      let until = part.end == 1440 ? zone.instant(day.adding(days: 1), secondOfDay: 0) : border(part.end, opensNext)
      let begin = max(from, result.last?.until ?? from)
      guard begin < until else { continue }
      if let last = result.last, last.state == part.state, last.comment == part.comment, last.until == begin {
        result[result.count - 1].until = until
      } else {
        result.append(.init(from: begin, until: until, state: part.state, comment: part.comment))
      }
    }
  }

  /// The parts of a day from midnight to midnight, without gaps.
  private func parts(of day: CivilDay, _ calendar: HoursCalendar) -> [DayPart] {
    let isKnown =
      !namesSchoolHolidays
      || calendar.schoolHolidays?.known.contains(day.adding(days: -1)) ?? false
        && calendar.schoolHolidays?.known.contains(day) ?? false
    let parts = parts(of: day, calendar, otherwise: false)
    guard !isKnown else { return parts }
    // Where holidays would make a difference nobody knows.
    let others = self.parts(of: day, calendar, otherwise: true)
    var result = parts
    for one in parts {
      for other in others where other.state != one.state && other.start < one.end && other.end > one.start {
        result.paint(
          .init(start: max(one.start, other.start), end: min(one.end, other.end), state: .unknown, rule: one.rule))
      }
    }
    return result.wholeDay
  }

  private func parts(of day: CivilDay, _ calendar: HoursCalendar, otherwise isSchoolHoliday: Bool) -> [DayPart] {
    var result: [DayPart] = []
    var start = rules.startIndex
    repeat {
      let end = rules[(start + 1)...].firstIndex { $0.separator == .fallback } ?? rules.endIndex
      let group = rules[start..<end]
      let before = DayPlan(group, on: day.adding(days: -1), calendar, otherwise: isSchoolHoliday)
      let today = DayPlan(group, on: day, calendar, otherwise: isSchoolHoliday)
      // What reaches over midnight stays, unless a later rule owns this day.
      var parts: [DayPart] = []
      let spill = before.parts.filter { $0.end > 1440 && today.owner <= $0.rule }
        .map { part in part.cut(to: max(0, part.start - 1440)..<part.end - 1440) }
      for part in (spill + today.parts).sorted(by: { $0.rule < $1.rule }) { parts.paint(part) }
      let whole = parts.wholeDay
      if result.isEmpty {
        result = whole
      } else {
        for closed in result where closed.state == .closed {
          for part in whole where part.state != .closed && part.start < closed.end && part.end > closed.start {
            result.paint(part.cut(to: max(part.start, closed.start)..<min(part.end, closed.end)))
          }
        }
        result = result.wholeDay
      }
      start = end
    } while start < rules.endIndex
    return result
  }
}
