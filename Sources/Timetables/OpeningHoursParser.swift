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
  private let tokens: [Token]
  var at = 0
  private(set) var warnings: [OpeningHoursProblem] = []
  private let lexicalError: OpeningHoursProblem?

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

  mutating func rule() throws(OpeningHoursProblem) -> OpeningHours.Rule {
    var rule = OpeningHours.Rule()
    let start = at
    while try selector(into: &rule) { _ = skip(.colon) }
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
  mutating func selector(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) -> Bool {
    if isDate { return try dates(into: &rule) }
    if isYear { return try years(into: &rule) }
    if word == "week" || word == "weeks" { return try weeks(into: &rule) }
    if isDay(at) { return try days(into: &rule) }
    return false
  }

  var isAllTheTime: Bool {
    guard case .number(24, _) = kind, tokenKind(at + 1) == .slash, case .number(7, _) = tokenKind(at + 2) else {
      return false
    }
    return true
  }

  // MARK: Tokens

  var isAtEnd: Bool { at >= tokens.count }
  var kind: Token.Kind { tokenKind(at) }
  func tokenKind(_ index: Int) -> Token.Kind { index < tokens.count ? tokens[index].kind : .end }

  var word: String? { if case .word(let word) = kind { word } else { nil } }

  mutating func skip(_ kind: Token.Kind) -> Bool {
    guard self.kind == kind else { return false }
    at += 1
    return true
  }

  /// Skips a comma if what follows continues the list; otherwise it begins another rule.
  mutating func skipComma(before continues: (OpeningHoursParser) -> Bool) -> Bool {
    guard kind == .comma else { return false }
    var next = self
    next.at += 1
    guard continues(next) else { return false }
    at += 1
    return true
  }

  mutating func number(_ what: String, in range: ClosedRange<Int>) throws(OpeningHoursProblem) -> Int {
    guard case .number(let number, _) = kind, range.contains(number) else {
      throw error("\(what), \(range.lowerBound) to \(range.upperBound), was expected")
    }
    at += 1
    return number
  }

  func error(_ message: String, at index: Int? = nil) -> OpeningHoursProblem {
    let index = index ?? at
    let column = index < tokens.count ? tokens[index].column : (tokens.last?.end ?? 0) + 1
    return OpeningHoursProblem(column: column, message: message)
  }

  mutating func warn(_ message: String, at index: Int) { warnings.append(error(message, at: index)) }
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
