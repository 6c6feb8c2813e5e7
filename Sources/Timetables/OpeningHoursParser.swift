// A hand-written reader: the grammar's words are few, and errors must name a column.
//
//   value   = rule { (";" | "," | "||") rule }
//   rule    = [years] [dates] [weeks] [":"] [days] [times | "24/7"] [state] [comment]
//   years   = 2026 | 2026-2028 | 2026-2030/2 | 2026+
//   dates   = Jan-Mar,Nov | Jun 15-Sep 15 | 2026 Jul 04-2026 Aug 30 | Mar Su[-1]-Oct Su[-1] | easter -2 days
//   weeks   = week 27-35 | week 1-53/2
//   days    = Mo-Fr | Mo,We | Sa[1] | Su[-1] -1 day | PH | SH | PH -1 day, joined by ","
//   times   = 08:00-12:00,14:00-18:00 | 20:00-26:00 | 17:00+ | sunrise-(sunset-00:30)
//   state   = open | closed | off | unknown        comment = "text"
//
// A comma begins a new rule only after a time, a state or a comment; elsewhere it continues a list.

struct OpeningHoursParser {
  private var tokens: [Token]
  private var at = 0
  private(set) var warnings: [OpeningHoursProblem] = []
  private var lexicalError: OpeningHoursProblem?

  init(_ text: String) {
    var lexer = Lexer(text)
    tokens = lexer.tokens()
    warnings = lexer.warnings
    lexicalError = lexer.error
  }

  mutating func value() throws(OpeningHoursProblem) -> [OpeningHours.Rule] {
    if let lexicalError { throw lexicalError }
    var rules: [OpeningHours.Rule] = []
    var separator = OpeningHours.Separator.replacing
    var begin: Int?  // where the separator stands
    while skip(.semicolon) { warn("a ';' before the first rule means nothing", at: at - 1) }
    guard !isAtEnd else { throw error("opening hours were expected") }
    while true {
      var rule = try rule()
      rule.separator = separator
      if separator == .replacing, let begin, rules.contains(where: { $0.reachesInto(rule) }) {
        warn("a night before ends here at midnight: write ',' and not ';' if it shall last", at: begin)
      }
      rules.append(rule)
      if isAtEnd { return rules }
      begin = at
      if skip(.semicolon) {
        separator = .replacing
        while skip(.semicolon) {}
        if isAtEnd { return rules }  // a trailing semicolon does no harm
      } else if skip(.comma) {
        separator = .adding
        if isAtEnd {
          warn("a ',' behind the last rule means nothing", at: at - 1)
          return rules
        }
      } else if skip(.bars) {
        separator = .fallback
      } else {
        throw error("';', ',' or '||' and another rule, or the end, was expected")
      }
    }
  }

  // MARK: A rule

  private mutating func rule() throws(OpeningHoursProblem) -> OpeningHours.Rule {
    var rule = OpeningHours.Rule()
    let start = at
    while try selector(into: &rule) { if skip(.colon) {} }
    if isAllTheTime {
      if at > start { warn("'24/7' means all days of all weeks: '00:00-24:00' is meant", at: at) }
      at += 3
      rule.times = [.init(start: .init(minutes: 0), end: .init(minutes: 1440))]
    } else {
      try times(into: &rule)
    }
    var hasState = true
    switch word {
    case "open": rule.state = .open
    case "closed", "off": rule.state = .closed
    case "fermé", "ferme":
      warn("'off' is meant", at: at)
      rule.state = .closed
    case "ouvert":
      warn("'open' is meant", at: at)
    case "unknown": rule.state = .unknown
    default: hasState = false
    }
    if hasState { at += 1 }
    if case .comment(let text) = kind {
      rule.comment = text.isEmpty ? nil : text
      at += 1
      if !hasState { rule.state = .unknown }  // a comment alone means: it depends
    }
    guard at > start else {
      throw error("a month, a weekday, a time such as 08:00-18:00, open or off was expected")
    }
    return rule
  }

  /// Reads one kind of selector if one is next.
  private mutating func selector(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    if isDate { return try dates(into: &rule) }
    if isYear { return try years(into: &rule) }
    if word == "week" || word == "weeks" { return try weeks(into: &rule) }
    if isDay(at) { return try days(into: &rule) }
    return false
  }

  private var isAllTheTime: Bool {
    guard case .number(24, _) = kind, tokenKind(at + 1) == .slash, case .number(7, _) = tokenKind(at + 2) else {
      return false
    }
    return true
  }

  // MARK: Years, dates, weeks

  private var isYear: Bool { isYear(at) }

  private func isYear(_ index: Int) -> Bool {
    guard case .number(let number, 4) = tokenKind(index), number >= 1900 else { return false }
    return tokenKind(index + 1) != .colon || !isNumber(index + 2)
  }

  private func isNumber(_ index: Int) -> Bool {
    if case .number = tokenKind(index) { true } else { false }
  }

  /// Whether a date is next: a month or Easter, perhaps with a year before it.
  private var isDate: Bool { isMonthOrEaster(at) || (isYear(at) && isMonthOrEaster(at + 1)) }

  private func isMonthOrEaster(_ index: Int) -> Bool {
    guard case .word(let word) = tokenKind(index) else { return false }
    return Lexer.months[word] != nil || word == "easter"
  }

  private mutating func years(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
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
    } while skipComma { $0.isYear && !$0.isDate }
    return true
  }

  private mutating func weeks(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
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
    } while skipComma { $0.word == "week" || ($0.isNumber($0.at) && !$0.isTime) }
    return true
  }

  private mutating func dates(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    var previous: OpeningHours.DatePoint?
    repeat {
      let from = try date(continuing: previous)
      var range = OpeningHours.DateRange(from: from)
      if skip(.plus) {
        range.isOpen = true
      } else if kind == .dash, !isTime(at + 1) || isMonthOrEaster(at + 1) || isYear(at + 1) {
        at += 1
        range.to = try date(endOf: from)
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
  private mutating func date(
    continuing previous: OpeningHours.DatePoint? = nil, endOf first: OpeningHours.DatePoint? = nil
  ) throws(OpeningHoursProblem) -> OpeningHours.DatePoint {
    var year: Int?
    if isYear, isMonthOrEaster(at + 1), case .number(let number, _) = kind {
      year = number
      at += 1
    }
    if word == "easter" {
      at += 1
      return .init(year: year ?? first?.year, base: .easter, offset: try dayOffset())
    }
    if case .word(let name) = kind, let month = Lexer.months[name] {
      at += 1
      if case .number(let day, let digits) = kind, digits <= 2, !isTime {
        at += 1
        try check(day: day, of: month)
        return .init(year: year ?? first?.year, base: .day(month: month, day: day), offset: try dayOffset())
      }
      // `Mar Su[-1]-Oct Su[-1]`; elsewhere a weekday is one of the days that are named behind the months.
      if case .word(let name) = kind, let weekday = Lexer.weekdays[name], tokenKind(at + 1) == .leftBracket,
        first?.isWeekday ?? beginsRangeOfWeekdays
      {
        at += 2
        let number = try weekdayNumber()
        guard skip(.rightBracket) else { throw error("']' was expected") }
        return .init(
          year: year ?? first?.year, base: .weekday(weekday, number: number, month: month), offset: try dayOffset())
      }
      return .init(year: year ?? first?.year, base: .month(month))
    }
    if year == nil, let other = first ?? previous, let month = other.month, case .number(let day, let digits) = kind,
      digits <= 2, !isTime
    {
      at += 1
      try check(day: day, of: month)
      return .init(year: other.year, base: .day(month: month, day: day), offset: try dayOffset())
    }
    throw error("a month, or a day of one, was expected")
  }

  /// Whether `Su[-1]-Oct` is next.
  private var beginsRangeOfWeekdays: Bool {
    var index = at + 2
    while tokenKind(index) != .rightBracket, tokenKind(index) != .end { index += 1 }
    return tokenKind(index + 1) == .dash && isMonthOrEaster(index + 2)
  }

  private func check(day: Int, of month: Int) throws(OpeningHoursProblem) {
    guard day >= 1, day <= [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] else {
      throw error("the month has no such day", at: at - 1)
    }
  }

  // MARK: Days

  private func isDay(_ index: Int) -> Bool {
    guard case .word(let word) = tokenKind(index) else { return false }
    return word == "ph" || word == "sh" || Lexer.weekdays[word] != nil
  }

  private mutating func days(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
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

  private mutating func weekdays(from first: Int) throws(OpeningHoursProblem) -> OpeningHours.DaySelector.Weekdays {
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

  private mutating func weekdayNumber() throws(OpeningHoursProblem) -> Int {
    let sign = skip(.dash) ? -1 : 1
    return sign * (try number("which one of the month", in: 1...5))
  }

  /// `+1 day`, `-2 days`, or nothing.
  private mutating func dayOffset() throws(OpeningHoursProblem) -> Int64 {
    guard kind == .dash || kind == .plus, case .number(let count, _) = tokenKind(at + 1),
      case .word(let unit) = tokenKind(at + 2), unit == "day" || unit == "days"
    else { return 0 }
    guard count <= 366 else { throw error("at most 366 days", at: at + 1) }
    defer { at += 3 }
    return kind == .dash ? -Int64(count) : Int64(count)
  }

  // MARK: Times

  private var isTime: Bool { isTime(at) }

  /// Whether a time of day is written at a place, and not a day of a month.
  private func isTime(_ index: Int) -> Bool {
    switch tokenKind(index) {
    case .leftParenthesis: true
    case .word(let word): SunEvent(rawValue: word) != nil
    case .number:
      tokenKind(index + 1) == .colon && isNumber(index + 2) || tokenKind(index + 1) == .hour
        || tokenKind(index + 1) == .dot
    default: false
    }
  }

  private mutating func times(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) {
    guard isTime || isNumber(at) else { return }
    var isNext = true
    while isNext {
      rule.times.append(try span())
      isNext = skipComma { $0.isTime || $0.isNumber($0.at) && !$0.isYear }
      if !isNext, isTime {
        warn("',' is meant before another time", at: at)
        isNext = true
      }
    }
  }

  private mutating func span() throws(OpeningHoursProblem) -> OpeningHours.TimeSpan {
    let begin = at
    let start = try time()
    guard start.isSun || start.minutes <= 1440 else { throw error("an opening time is at most 24:00", at: begin) }
    if skip(.plus) { return .init(start: start, end: nil, hasOpenEnd: true) }
    guard skip(.dash) else { throw error("'-' and a closing time were expected") }
    let middle = at
    let end = try time()
    if !start.isSun && !end.isSun {
      guard end.minutes <= 2880, end.minutes - start.minutes <= 1440 || end.minutes <= 1440 else {
        throw error("a closing time is at most 48:00, and a day after the opening", at: middle)
      }
    }
    var span = OpeningHours.TimeSpan(start: start, end: end)
    if skip(.plus) { span.hasOpenEnd = true }
    if skip(.slash) {
      warn("what happens now and then is read as lasting", at: at - 1)
      _ = isTime ? try time() : .init(minutes: try number("minutes", in: 1...1440))
    }
    return span
  }

  private mutating func time() throws(OpeningHoursProblem) -> OpeningHours.TimePoint {
    let start = at
    if skip(.leftParenthesis) {
      guard let event = sunEvent() else { throw error("sunrise, sunset, dawn or dusk was expected") }
      guard kind == .plus || kind == .dash else { throw error("'+' or '-' and a time were expected") }
      let sign = kind == .plus ? 1 : -1
      at += 1
      let offset = try clock()
      guard skip(.rightParenthesis) else { throw error("')' was expected") }
      guard offset <= 720 else { throw error("at most 12 hours from the sun", at: start) }
      return .init(event: event, minutes: sign * offset)
    }
    if let event = sunEvent() { return .init(event: event, minutes: 0) }
    return .init(minutes: try clock())
  }

  private mutating func sunEvent() -> SunEvent? {
    guard let word, let event = SunEvent(rawValue: word) else { return nil }
    at += 1
    return event
  }

  private mutating func clock() throws(OpeningHoursProblem) -> Int {
    let start = at
    guard case .number(var hour, let digits) = kind else { throw error("a time such as 18:00 was expected") }
    at += 1
    var minute = 0
    if kind == .colon || kind == .dot, case .number(let number, let places) = tokenKind(at + 1) {
      if kind == .dot { warn("'.' is read as ':'", at: at) }
      guard places == 2 else { throw error("two digits of minutes were expected", at: at + 1) }
      minute = number
      at += 2
    } else if skip(.hour) {
      if case .number(let number, 2) = kind {
        minute = number
        at += 1
      }
      warn("'h' is read as ':'", at: start + 1)
    } else if word != "am", word != "pm" {
      warn("'\(hour)' is read as \(hour):00", at: start)
    }
    if let word, word == "am" || word == "pm", (1...12).contains(hour) {
      hour = hour % 12 + (word == "pm" ? 12 : 0)
      warn("'\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)' is meant", at: start)
      at += 1
      return hour * 60 + minute
    }
    if digits == 1, tokenKind(start + 1) == .colon { warn("two digits of hours are usual", at: start) }
    guard digits <= 2, hour <= 48, minute < 60, hour * 60 + minute <= 2880 else {
      throw error("there is no such time", at: start)
    }
    return hour * 60 + minute
  }

  // MARK: Tokens

  private var isAtEnd: Bool { at >= tokens.count }
  private var kind: Token.Kind { tokenKind(at) }
  private func tokenKind(_ index: Int) -> Token.Kind { index < tokens.count ? tokens[index].kind : .end }

  private var word: String? { if case .word(let word) = kind { word } else { nil } }

  private mutating func skip(_ kind: Token.Kind) -> Bool {
    guard self.kind == kind else { return false }
    at += 1
    return true
  }

  /// Skips a comma if what follows continues the list; otherwise it begins another rule.
  private mutating func skipComma(before continues: (OpeningHoursParser) -> Bool) -> Bool {
    guard kind == .comma else { return false }
    var next = self
    next.at += 1
    guard continues(next) else { return false }
    at += 1
    return true
  }

  private mutating func number(_ what: String, in range: ClosedRange<Int>) throws(OpeningHoursProblem) -> Int {
    guard case .number(let number, _) = kind, range.contains(number) else {
      throw error("\(what), \(range.lowerBound) to \(range.upperBound), was expected")
    }
    at += 1
    return number
  }

  private func error(_ message: String, at index: Int? = nil) -> OpeningHoursProblem {
    let index = index ?? at
    let column = index < tokens.count ? tokens[index].column : (tokens.last?.end ?? 0) + 1
    return OpeningHoursProblem(column: column, message: message)
  }

  private mutating func warn(_ message: String, at index: Int) { warnings.append(error(message, at: index)) }
}

extension OpeningHours.Rule {
  /// Whether its night would last into a day that another rule, which names weekdays, owns.
  fileprivate func reachesInto(_ later: OpeningHours.Rule) -> Bool {
    let isLong = times.contains { span in
      guard let end = span.end, !end.isSun, !span.start.isSun else { return false }
      return end.minutes > 1440 || end.minutes <= span.start.minutes && end.minutes > 0
    }
    // What is closed is meant to be, from midnight on.
    guard isLong, state != .closed, later.state != .closed, let days = later.days, !days.weekdays.isEmpty else {
      return false
    }
    let own = self.days.map { $0.weekdays.reduce(UInt8(0)) { $0 | $1.days } } ?? 0x7F
    let other = days.weekdays.reduce(UInt8(0)) { $0 | $1.days }
    return (own << 1 | own >> 6) & 0x7F & other != 0
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

  var isWeekday: Bool { if case .weekday = base { true } else { false } }

  var day: Int? { if case .day(_, let day) = base { day } else { nil } }
}
