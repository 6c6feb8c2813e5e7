// On which days a rule holds: years, dates, weeks, weekdays, holidays.

extension OpeningHoursParser {
  var isYear: Bool { isYear(at) }

  func isYear(_ index: Int) -> Bool {
    guard case .number(let number, 4) = tokenKind(index), number >= 1900 else { return false }
    return tokenKind(index + 1) != .colon || !isNumber(index + 2)
  }

  func isNumber(_ index: Int) -> Bool {
    if case .number = tokenKind(index) { true } else { false }
  }

  /// Whether a date is next: a month or Easter, perhaps with a year before it.
  var isDate: Bool { isMonthOrEaster(at) || (isYear(at) && isMonthOrEaster(at + 1)) }

  func isMonthOrEaster(_ index: Int) -> Bool {
    guard case .word(let word) = tokenKind(index) else { return false }
    return Lexer.months[word] != nil || word == "easter"
  }

  mutating func years(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    repeat {
      guard case .number(let from, 4) = kind else { throw error("a year was expected") }
      at += 1
      var range = OpeningHours.YearRange(from: from, to: from)
      if skip(.plus) {
        range.to = .max
      } else if kind == .dash, isNumber(at + 1) {
        at += 1
        guard case .number(let to, 4) = kind, to >= from else { throw error("a later year was expected") }
        at += 1
        range.to = to
        if skip(.slash) { range.step = try number("how many years lie between", in: 1...100) }
      }
      rule.years.append(range)
    } while skipComma { $0.isYear }
    return true
  }

  mutating func weeks(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    at += 1
    repeat {
      if word == "week" { at += 1 }
      let from = try number("a week", in: 1...53)
      var range = OpeningHours.WeekRange(from: from, to: from)
      if skip(.dash) {
        range.to = try number("a week", in: 1...53)
        if skip(.slash) { range.step = try number("how many weeks lie between", in: 1...53) }
      }
      rule.weeks.append(range)
    } while skipComma { $0.word == "week" || ($0.isNumber($0.at) && !$0.isTime && !$0.isYear && !$0.isAllTheTime) }
    return true
  }

  mutating func dates(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    var previous: OpeningHours.DatePoint?
    repeat {
      let from = try date(continuing: previous)
      var range = OpeningHours.DateRange(from: from)
      if skip(.plus) {
        range.isOpen = true
      } else if kind == .dash, !isTime(at + 1) || isMonthOrEaster(at + 1) || isYear(at + 1) {
        at += 1
        let (end, isDated) = (at, isYear)
        let to = try date(endOf: from)
        if isDated, let year = to.year, let first = from.begin(in: from.year ?? year), let last = to.end(in: year),
          last < first
        {
          throw error("a later date was expected", at: end)
        }
        range.to = to
        if skip(.slash) { throw error("dates that leave days out are not understood") }
      }
      previous = range.to ?? from
      rule.dates.append(range)
    } while skipComma { parser in
      parser.isDate || (previous?.day != nil && parser.isNumber(parser.at) && !parser.isTime)
    }
    return true
  }

  /// A date; in a list a bare number is a day of the month and year before it, and the end of a range has the year of
  /// its beginning.
  mutating func date(
    continuing previous: OpeningHours.DatePoint? = nil, endOf first: OpeningHours.DatePoint? = nil
  ) throws(OpeningHoursProblem) -> OpeningHours.DatePoint {
    var year: Int?
    if isYear, isMonthOrEaster(at + 1), case .number(let number, _) = kind {
      year = number
      at += 1
    }
    // `2026 Jun,Aug`: the year is that of all the months.
    if year == nil { year = first?.year ?? (previous?.isMonth ?? false ? previous?.year : nil) }
    if word == "easter" {
      at += 1
      return .init(year: year, base: .easter, offset: try dayOffset())
    }
    if case .word(let name) = kind, let month = Lexer.months[name] {
      at += 1
      if case .number(let day, let digits) = kind, digits <= 2, !isTime {
        at += 1
        try check(day: day, of: month)
        return .init(year: year, base: .day(month: month, day: day), offset: try dayOffset())
      }
      // `Mar Su[-1]-Oct Su[-1]`; elsewhere a weekday is one of the days that are named behind the months.
      if case .word(let name) = kind, let weekday = Lexer.weekdays[name], tokenKind(at + 1) == .leftBracket,
        first?.isWeekday ?? beginsRangeOfWeekdays
      {
        at += 2
        let number = try weekdayNumber()
        guard skip(.rightBracket) else { throw error("']' was expected") }
        return .init(
          year: year, base: .weekday(weekday, number: number, month: month), offset: try dayOffset())
      }
      return .init(year: year, base: .month(month))
    }
    if let other = first ?? previous, let month = other.month, case .number(let day, let digits) = kind,
      digits <= 2, !isTime
    {
      at += 1
      try check(day: day, of: month)
      return .init(year: other.year, base: .day(month: month, day: day), offset: try dayOffset())
    }
    throw error("a month, or a day of one, was expected")
  }

  /// Whether `Su[-1]-Oct` is next.
  var beginsRangeOfWeekdays: Bool {
    var index = at + 2
    while tokenKind(index) != .rightBracket, tokenKind(index) != .end { index += 1 }
    return tokenKind(index + 1) == .dash && isMonthOrEaster(index + 2)
  }

  func check(day: Int, of month: Int) throws(OpeningHoursProblem) {
    guard day >= 1, day <= [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] else {
      throw error("the month has no such day", at: at - 1)
    }
  }

  // MARK: Days

  func isDay(_ index: Int) -> Bool {
    guard case .word(let word) = tokenKind(index) else { return false }
    return word == "ph" || word == "sh" || Lexer.weekdays[word] != nil
  }

  mutating func days(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    guard rule.days == nil else { throw error("days were named already") }
    var days = OpeningHours.DaySelector()
    var isJoined = true
    repeat {
      guard case .word(let name) = kind else { throw error("a weekday was expected") }
      let isHoliday = name == "ph" || name == "sh"
      if !isJoined {
        // A holiday and a weekday side by side: both must hold.
        guard isHoliday ? days.holidays.isEmpty : days.weekdays.isEmpty else {
          throw error("',' was expected between days")
        }
        days.isIntersection = true
      }
      at += 1
      if isHoliday {
        days.holidays.append(.init(isSchool: name == "sh", offset: try dayOffset()))
      } else {
        days.weekdays.append(try weekdays(from: Lexer.weekdays[name] ?? 0))
      }
      isJoined = skipComma { $0.isDay($0.at) }
    } while isJoined || isDay(at)
    rule.days = days
    return true
  }

  mutating func weekdays(from first: Int) throws(OpeningHoursProblem) -> OpeningHours.DaySelector.Weekdays {
    var last = first
    if kind == .dash, case .word(let name) = tokenKind(at + 1), let end = Lexer.weekdays[name] {
      at += 2
      last = end
    } else if kind == .dash, !isTime(at + 1) {
      at += 1
      throw error("a weekday was expected after '-'")
    }
    var days: UInt8 = 0
    var day = first
    while true {
      days |= 1 << UInt8(day)
      if day == last { break }
      day = (day + 1) % 7
    }
    var found = OpeningHours.DaySelector.Weekdays(days: days)
    guard skip(.leftBracket) else { return found }
    repeat {
      let number = try weekdayNumber()
      if number > 0, skip(.dash) {
        let end = try weekdayNumber()
        guard end >= number else { throw error("a later number was expected", at: at - 1) }
        found.numbers += number...end
      } else {
        found.numbers.append(number)
      }
    } while skip(.comma)
    guard skip(.rightBracket) else { throw error("']' was expected") }
    found.offset = try dayOffset()
    return found
  }

  mutating func weekdayNumber() throws(OpeningHoursProblem) -> Int {
    let sign = skip(.dash) ? -1 : 1
    return sign * (try number("which one of the month", in: 1...5))
  }

  /// `+1 day`, `-2 days`, or nothing.
  mutating func dayOffset() throws(OpeningHoursProblem) -> Int64 {
    guard kind == .dash || kind == .plus, case .number(let count, _) = tokenKind(at + 1),
      case .word(let unit) = tokenKind(at + 2), unit == "day" || unit == "days"
    else { return 0 }
    guard count <= 366 else { throw error("at most 366 days", at: at + 1) }
    defer { at += 3 }
    return kind == .dash ? -Int64(count) : Int64(count)
  }
}

extension OpeningHours.DatePoint {
  /// The month that a bare number behind it continues.
  var month: Int? {
    switch base {
    case .month(let month), .day(let month, _), .weekday(_, _, let month): month
    case .easter: nil
    }
  }

  var isMonth: Bool { if case .month = base { true } else { false } }

  var isWeekday: Bool { if case .weekday = base { true } else { false } }

  var day: Int? { if case .day(_, let day) = base { day } else { nil } }
}
