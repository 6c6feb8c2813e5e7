// What the rules make of one civil day.

internal import Quantities

/// A part of a day, in minutes after its midnight; the end may lie in the next day.
struct DayPart: Hashable {
  var start: Int
  var end: Int
  var state: OpeningHours.State
  var comment: String?
  /// The rule that says so; -1 for none.
  var rule: Int
}

/// The parts of one day before its neighbours are looked at.
struct DayPlan {
  /// The last replacing rule that matches; -1 for none.
  var owner = -1
  var parts: [DayPart] = []

  /// Applies some rules in order.
  ///
  /// - Parameters:
  ///   - rules: rules without a fallback among them, with their numbers.
  ///   - day: the day.
  ///   - calendar: its surroundings.
  ///   - isSchoolHoliday: what stands in where the calendar does not know.
  init(
    _ rules: ArraySlice<OpeningHours.Rule>, on day: CivilDay, _ calendar: HoursCalendar, otherwise isSchoolHoliday: Bool
  ) {
    for (index, rule) in zip(rules.indices, rules)
    where rule.matches(day, calendar, otherwise: isSchoolHoliday) {
      if rule.separator != .adding, rule.state != .closed || rule.times.isEmpty {
        parts = []
        owner = index
      }
      for part in rule.parts(index, on: day, calendar) { parts.paint(part) }
    }
  }
}

extension [DayPart] {
  /// Puts a part over what there is.
  mutating func paint(_ new: DayPart) {
    guard new.start < new.end else { return }
    var rest: [DayPart] = []
    for part in self {
      guard part.start < new.end, part.end > new.start else {
        rest.append(part)
        continue
      }
      if part.start < new.start { rest.append(part.cut(to: part.start..<new.start)) }
      if part.end > new.end { rest.append(part.cut(to: new.end..<part.end)) }
    }
    rest.append(new)
    self = rest
  }

  /// The parts in order of time, with closed ones between them, from midnight to midnight.
  var wholeDay: [DayPart] {
    var result: [DayPart] = []
    var reached = 0
    for part in sorted(by: { $0.start < $1.start }) where part.end > 0 && part.start < 1440 {
      if part.start > reached { result.append(.init(start: reached, end: part.start, state: .closed, rule: -1)) }
      let start = Swift.max(part.start, reached)
      reached = Swift.min(part.end, 1440)
      result.append(part.cut(to: start..<reached))
    }
    if reached < 1440 { result.append(.init(start: reached, end: 1440, state: .closed, rule: -1)) }
    return result
  }
}

extension DayPart {
  func cut(to range: Range<Int>) -> DayPart {
    var part = self
    (part.start, part.end) = (range.lowerBound, range.upperBound)
    return part
  }
}

extension OpeningHours.Rule {
  /// What the rule says of a day that it matches; open ends come behind what is sure.
  func parts(_ index: Int, on day: CivilDay, _ calendar: HoursCalendar) -> [DayPart] {
    guard !times.isEmpty else { return [.init(start: 0, end: 1440, state: state, comment: comment, rule: index)] }
    return times.flatMap { span in
      let start = max(0, span.start.minutes(on: day, calendar))
      var end = start
      var parts: [DayPart] = []
      if let closing = span.end {
        end = closing.minutes(on: day, calendar)
        if end <= start {
          end = closing.isSun ? closing.minutes(on: day.adding(days: 1), calendar) + 1440 : end + 1440
        }
        end = min(end, 2880)
        parts.append(.init(start: start, end: end, state: state, comment: comment, rule: index))
      }
      if span.hasOpenEnd, state != .closed {
        // As long as people usually stay: to midnight by day, 10 hours from 17:00, 8 hours from 22:00.
        let length = end % 1440 < 1020 ? 1440 - end % 1440 : end % 1440 < 1320 ? 600 : 480
        parts.append(.init(start: end, end: min(end + length, 2880), state: .unknown, comment: comment, rule: index))
      }
      return parts
    }
  }

  func matches(_ day: CivilDay, _ calendar: HoursCalendar, otherwise isSchoolHoliday: Bool) -> Bool {
    if !years.isEmpty {
      let year = day.components.year
      guard years.contains(where: { $0.contains(year) }) else { return false }
    }
    if !dates.isEmpty, !dates.contains(where: { $0.contains(day) }) { return false }
    if !weeks.isEmpty {
      let week = day.isoWeek
      guard weeks.contains(where: { $0.contains(week) }) else { return false }
    }
    guard let days else { return true }
    let isHoliday = days.holidays.contains { holiday in
      let other = day.adding(days: -holiday.offset)
      return holiday.isSchool
        ? calendar.schoolHolidays?.contains(other) ?? isSchoolHoliday : calendar.publicHolidays.contains(other)
    }
    let isWeekday = days.weekdays.contains { $0.contains(day) }
    if days.isIntersection { return isHoliday && isWeekday }
    return isHoliday || isWeekday
  }
}

extension OpeningHours.Rule {
  /// The last day that years or dated ranges allow; nil for ever.
  var lastDay: CivilDay? {
    if let year = years.map(\.to).max(), year < .max { return CivilDay(year: year, month: 12, day: 31) }
    guard years.isEmpty, !dates.isEmpty else { return nil }
    let ends = dates.compactMap(\.lastDay)
    return ends.count == dates.count ? ends.max() : nil
  }
}

extension OpeningHours.DateRange {
  /// The last day of a range that names its year; nil if it comes back or is open.
  var lastDay: CivilDay? {
    guard !isOpen, let year = from.year else { return nil }
    let end = to ?? from
    guard let first = from.begin(in: year), let last = end.end(in: end.year ?? year) else { return nil }
    return last < first ? end.end(in: year + 1) : last
  }
}

extension OpeningHours.TimePoint {
  func minutes(on day: CivilDay, _ calendar: HoursCalendar) -> Int {
    event.map { calendar.minutes(of: $0, on: day) + minutes } ?? minutes
  }
}

extension OpeningHours.DaySelector.Weekdays {
  func contains(_ day: CivilDay) -> Bool {
    let day = day.adding(days: -offset)
    guard days & 1 << UInt8(day.weekday) != 0 else { return false }
    guard !numbers.isEmpty else { return true }
    let date = day.components
    let fromEnd = (CivilDay.daysInMonth(year: date.year, month: date.month) - date.day) / 7 + 1
    return numbers.contains((date.day - 1) / 7 + 1) || numbers.contains(-fromEnd)
  }
}

extension OpeningHours.DateRange {
  func contains(_ day: CivilDay) -> Bool {
    let year = day.components.year
    if isOpen { return from.begin(in: from.year ?? year).map { day >= $0 } ?? false }
    if let dated = from.year ?? to?.year { return covers(day, from: dated) }
    // Every year; a range may pass over New Year.
    return covers(day, from: year) || covers(day, from: year - 1)
  }

  /// Whether a day lies in the range that begins in a year.
  private func covers(_ day: CivilDay, from year: Int) -> Bool {
    guard let to else { return from.span(in: year).map { day >= $0.first && day <= $0.last } ?? false }
    guard let first = from.begin(in: year), let same = to.end(in: to.year ?? year),
      let last = same < first ? to.end(in: year + 1) : same
    else { return false }
    return day >= first && day <= last
  }
}

extension OpeningHours.DatePoint {
  /// The first day of a range that begins here; what begins on a leap day begins in other years on the day after it.
  func begin(in year: Int) -> CivilDay? {
    span(in: year)?.first ?? (isLeapDay ? CivilDay(year: year, month: 3, day: 1)?.adding(days: offset) : nil)
  }

  /// The last day of a range that ends here; what ends on a leap day ends in other years on the day before it.
  func end(in year: Int) -> CivilDay? {
    span(in: year)?.last ?? (isLeapDay ? CivilDay(year: year, month: 2, day: 28)?.adding(days: offset) : nil)
  }

  private var isLeapDay: Bool { base == .day(month: 2, day: 29) }

  /// The first and the last day in a year; nil if the year has none such.
  func span(in year: Int) -> (first: CivilDay, last: CivilDay)? {
    switch base {
    case .month(let month):
      guard let first = CivilDay(year: year, month: month, day: 1) else { return nil }
      return (first, first.adding(days: Int64(CivilDay.daysInMonth(year: year, month: month)) - 1))
    case .day(let month, let day):
      guard let date = CivilDay(year: year, month: month, day: day)?.adding(days: offset) else { return nil }
      return (date, date)
    case .easter:
      let date = Easter.sunday(of: year).adding(days: offset)
      return (date, date)
    case .weekday(let weekday, let number, let month):
      let length = CivilDay.daysInMonth(year: year, month: month)
      guard let first = CivilDay(year: year, month: month, day: 1) else { return nil }
      let earliest = (weekday - first.weekday + 7) % 7 + 1
      let day = number > 0 ? earliest + (number - 1) * 7 : earliest + (length - earliest) / 7 * 7 + (number + 1) * 7
      guard (1...length).contains(day) else { return nil }
      let date = first.adding(days: Int64(day) - 1 + offset)
      return (date, date)
    }
  }
}

extension CivilDay {
  /// The week of ISO 8601, 1 to 53: that of its Thursday.
  var isoWeek: Int {
    let thursday = adding(days: 3 - Int64(weekday))
    let first = CivilDay(year: thursday.components.year, month: 1, day: 1) ?? thursday
    return Int(thursday.daysSinceEpoch - first.daysSinceEpoch) / 7 + 1
  }
}
