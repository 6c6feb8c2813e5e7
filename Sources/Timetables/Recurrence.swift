// How an event of a calendar comes again: RFC 5545, section 3.3.10, by days.

internal import Quantities

/// A recurrence rule of days, weeks, months or years.
struct Recurrence: Hashable, Sendable {
  enum Frequency: String { case daily = "DAILY", weekly = "WEEKLY", monthly = "MONTHLY", yearly = "YEARLY" }

  /// The last day, or the last moment, at which it takes place.
  enum Until: Hashable, Sendable {
    case local(CivilDay, secondOfDay: Int)
    case moment(Instant)

    func isBefore(_ day: CivilDay, _ secondOfDay: Int, _ zone: CivilZone) -> Bool {
      switch self {
      case .local(let last, let second): (last.daysSinceEpoch, second) < (day.daysSinceEpoch, secondOfDay)
      case .moment(let last): last < zone.instant(day, secondOfDay: secondOfDay)
      }
    }
  }

  /// A weekday, 0 Monday to 6 Sunday, and which of the month: 2 the second, -1 the last; nil every one.
  struct Weekday: Hashable, Sendable {
    var day: Int
    var ordinal: Int?
  }

  var frequency: Frequency
  var interval = 1
  var count: Int?
  var until: Until?
  var weekdays: Set<Weekday> = []
  var monthDays: Set<Int> = []
  var months: Set<Int> = []
  var firstDayOfWeek = 0

  /// Visits its days up to the end of a range, of which the event's first one is the first, until `body` has had enough.
  ///
  /// Days before the range are visited only where they must be counted.
  func visit(from start: CivilDay, _ range: ClosedRange<CivilDay>, _ body: (CivilDay) -> Bool) {
    var left = (count ?? .max) - 1
    guard body(start) else { return }
    var period = count == nil ? max(0, periods(from: start, to: range.lowerBound) - 1) / Int64(interval) : 0
    while firstDay(ofPeriod: period * Int64(interval), from: start) <= range.upperBound {
      for day in days(ofPeriod: period * Int64(interval), from: start) where day > start {
        guard left > 0, day <= range.upperBound else { return }
        left -= 1
        guard body(day) else { return }
      }
      period += 1
    }
  }

  /// How many days, weeks, months or years lie between two days, about.
  private func periods(from start: CivilDay, to day: CivilDay) -> Int64 {
    let days = max(0, day.daysSinceEpoch - start.daysSinceEpoch)
    return switch frequency {
    case .daily: days
    case .weekly: days / 7
    case .monthly: days / 31
    case .yearly: days / 366
    }
  }

  /// A day that is not behind any of a period's.
  private func firstDay(ofPeriod number: Int64, from start: CivilDay) -> CivilDay {
    switch frequency {
    case .daily: start.adding(days: number)
    case .weekly: start.adding(days: number * 7 - 6)
    case .monthly: start.adding(days: number * 28 - 31)
    case .yearly: start.adding(days: number * 365 - 366)
    }
  }

  /// The days of the period so many after the first one's, in order.
  private func days(ofPeriod number: Int64, from start: CivilDay) -> [CivilDay] {
    let (year, month, dayOfMonth) = start.components
    switch frequency {
    case .daily:
      let day = start.adding(days: number)
      let (_, month, _) = day.components
      let isWanted =
        (months.isEmpty || months.contains(month)) && (weekdays.isEmpty || weekdays.contains { $0.day == day.weekday })
        && (monthDays.isEmpty || Self.isOne(of: monthDays, day))
      return isWanted ? [day] : []
    case .weekly:
      let back = (start.weekday - firstDayOfWeek + 7) % 7
      let first = start.adding(days: number * 7 - Int64(back))
      let wanted = weekdays.isEmpty ? [start.weekday] : weekdays.map(\.day)
      return (0..<7).map { first.adding(days: $0) }.filter {
        wanted.contains($0.weekday) && (months.isEmpty || months.contains($0.components.month))
      }
    case .monthly:
      let index = Int64(year * 12 + month - 1) + number
      let (year, month) = (Int(index / 12), Int(index % 12) + 1)
      return months.isEmpty || months.contains(month) ? days(of: year, month, usually: dayOfMonth) : []
    case .yearly:
      let year = year + Int(number)
      let wanted = months.isEmpty ? [month] : months.sorted()
      return wanted.flatMap { days(of: year, $0, usually: dayOfMonth) }
    }
  }

  private func days(of year: Int, _ month: Int, usually dayOfMonth: Int) -> [CivilDay] {
    let length = CivilDay.daysInMonth(year: year, month: month)
    guard let first = CivilDay(year: year, month: month, day: 1) else { return [] }
    let all = (0..<Int64(length)).map { first.adding(days: $0) }
    if weekdays.isEmpty && monthDays.isEmpty { return all.filter { $0.components.day == dayOfMonth } }
    return all.filter { day in
      let number = day.components.day
      let isWeekday = weekdays.contains { weekday in
        guard weekday.day == day.weekday else { return false }
        guard let ordinal = weekday.ordinal else { return true }
        return ordinal > 0 ? (number - 1) / 7 + 1 == ordinal : (length - number) / 7 + 1 == -ordinal
      }
      return (weekdays.isEmpty || isWeekday) && (monthDays.isEmpty || Self.isOne(of: monthDays, day))
    }
  }

  private static func isOne(of monthDays: Set<Int>, _ day: CivilDay) -> Bool {
    let (year, month, number) = day.components
    return monthDays.contains { $0 == number || $0 == number - daysInMonth(year, month) - 1 }
  }

  private static func daysInMonth(_ year: Int, _ month: Int) -> Int { CivilDay.daysInMonth(year: year, month: month) }
}

extension Recurrence {
  /// A rule as it is written, such as `FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261231`.
  ///
  /// - Throws: a sentence about the part that is not understood; such a rule must not be guessed.
  init(_ text: Substring, until parse: (Substring) -> Until?) throws(ICalendarProblem.Reason) {
    var parts: [(key: String, value: Substring)] = []
    for part in text.split(separator: ";") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { throw .init("\"\(part)\" is not a part of a recurrence rule") }
      parts.append((pair[0].uppercased(), pair[1]))
    }
    guard let name = parts.first(where: { $0.key == "FREQ" })?.value, let known = Frequency(rawValue: name.uppercased())
    else { throw .init("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY") }
    frequency = known
    for (key, value) in parts {
      func refuse() -> ICalendarProblem.Reason { .init("\"\(key)=\(value)\" is not understood") }
      func numbers(_ range: ClosedRange<Int>) throws(ICalendarProblem.Reason) -> [Int] {
        let words = value.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = words.compactMap { Int($0) }
        guard numbers.count == words.count, numbers.allSatisfy({ range.contains($0) && $0 != 0 }) else {
          throw refuse()
        }
        return numbers
      }
      switch key {
      case "FREQ": break
      case "INTERVAL": interval = try numbers(1...1000)[0]
      case "COUNT": count = try numbers(1...100_000)[0]
      case "UNTIL":
        guard let end = parse(value) else { throw refuse() }
        until = end
      case "BYMONTH": months = Set(try numbers(1...12))
      case "BYMONTHDAY" where frequency != .weekly: monthDays = Set(try numbers(-31...31))
      case "BYDAY":
        for word in value.split(separator: ",", omittingEmptySubsequences: false) {
          guard let weekday = Weekday(word) else { throw refuse() }
          weekdays.insert(weekday)
        }
      case "WKST":
        guard let weekday = Weekday(value), weekday.ordinal == nil else { throw refuse() }
        firstDayOfWeek = weekday.day
      default: throw refuse()
      }
    }
    let hasOrdinals = weekdays.contains { $0.ordinal != nil }
    if hasOrdinals && (frequency == .daily || frequency == .weekly)
      || frequency == .yearly && months.isEmpty && !(weekdays.isEmpty && monthDays.isEmpty)
    {
      throw .init("BYDAY or BYMONTHDAY are not understood with FREQ=\(frequency.rawValue) like this")
    }
  }
}

extension Recurrence.Weekday {
  private static let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

  /// A weekday such as `TU`, `2TU` or `-1FR`.
  fileprivate init?(_ text: Substring) {
    guard let day = Self.names.firstIndex(of: text.suffix(2).uppercased()) else { return nil }
    self.day = day
    guard text.count > 2 else { return }
    guard let ordinal = Int(text.dropLast(2)), ordinal != 0, abs(ordinal) <= 5 else { return nil }
    self.ordinal = ordinal
  }
}
