// OSM opening_hours: the common part of the specification, strictly; what is not understood is said, never guessed.
//
//   value = rule { (";" | ",") rule }      ";" replaces whole days, "," adds to them
//   rule  = "24/7" | [dates] [":"] [weekdays] [times] [state] [comment]
//   dates = Jan-Mar,Nov | Jun 15-Sep 15 | 2026 Jul 04-2026 Aug 30        weekdays = Mo-Fr,PH
//   times = 08:00-12:00,14:00-18:00 | 20:00-26:00                        state = open | closed | off | unknown

/// A timetable that was understood.
public struct OpeningHours: Hashable, Sendable {
  /// The text it was read from.
  public let text: String
  let rules: [Rule]

  struct Rule: Hashable, Sendable {
    enum State: Hashable, Sendable { case open, closed, unknown }

    /// Begun by a comma: adds to the day instead of owning it.
    var isAddition = false
    var dates: [DateRange] = []
    /// Bit 0 Monday to bit 6 Sunday; all bits where no weekday is named.
    var weekdays: UInt8 = 0x7F
    var namesWeekdays = false
    var holidays = false
    var times: [TimeSpan] = []
    var state = State.open
    var comment: String?
  }

  /// Minutes from the day's midnight; the end may lie in the next day.
  struct TimeSpan: Hashable, Sendable {
    var start: Int
    var end: Int
  }

  struct DatePoint: Hashable, Sendable {
    var year: Int?
    var month: Int
    var day: Int?
  }

  struct DateRange: Hashable, Sendable {
    var from: DatePoint
    var to: DatePoint

    /// Whether a day lies in the range; a range without years recurs, and may pass over New Year.
    func contains(_ date: (year: Int, month: Int, day: Int)) -> Bool {
      let position = date.month * 32 + date.day
      let start = from.month * 32 + (from.day ?? 1)
      let end = to.month * 32 + (to.day ?? 31)
      if let first = from.year {
        let last = to.year ?? (end < start ? first + 1 : first)
        let dated = date.year * 512 + position
        return dated >= first * 512 + start && dated <= last * 512 + end
      }
      return start <= end ? position >= start && position <= end : position >= start || position <= end
    }
  }

  /// Reads a value.
  ///
  /// - Throws: ``OpeningHoursError`` with the column of what was not understood.
  public init(_ text: String) throws(OpeningHoursError) {
    var parser = OpeningHoursParser(text)
    self.rules = try parser.value()
    self.text = text
  }
}

/// Why a timetable was not understood.
public struct OpeningHoursError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Column, from 1.
  public let column: Int
  /// What was expected.
  public let message: String

  /// Column and sentence.
  public var description: String { "column \(column): \(message)" }
}

/// A hand-written reader: the grammar's words are few, and errors must name a column.
struct OpeningHoursParser {
  private let characters: [Character]
  private var at = 0

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  private static let weekdays = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

  init(_ text: String) { characters = Array(text) }

  mutating func value() throws(OpeningHoursError) -> [OpeningHours.Rule] {
    var rules: [OpeningHours.Rule] = []
    var isAddition = false
    skipSpaces()
    guard at < characters.count else { throw error("opening hours were expected") }
    while true {
      var rule = try self.rule()
      rule.isAddition = isAddition
      rules.append(rule)
      skipSpaces()
      guard at < characters.count else { return rules }
      if skip(";") {
        isAddition = false
      } else if skip(",") {
        isAddition = true
      } else {
        throw error("';' or ',' and another rule, or the end, was expected")
      }
      skipSpaces()
      if at == characters.count && !isAddition { return rules }  // a trailing semicolon does no harm
    }
  }

  private mutating func rule() throws(OpeningHoursError) -> OpeningHours.Rule {
    var rule = OpeningHours.Rule()
    let start = at
    if skip("24/7") {
      rule.times = [.init(start: 0, end: 1440)]
    } else {
      try dates(into: &rule)
      skipSpaces()
      if skip(":") { skipSpaces() }
      try weekdays(into: &rule)
      skipSpaces()
      if skip(":") { skipSpaces() }
      try times(into: &rule)
    }
    skipSpaces()
    var hasState = true
    if skipWord("open") {
      rule.state = .open
    } else if skipWord("closed") || skipWord("off") {
      rule.state = .closed
    } else if skipWord("unknown") {
      rule.state = .unknown
    } else {
      hasState = false
    }
    skipSpaces()
    if peek == "\"" {
      rule.comment = try comment()
      if !hasState { rule.state = .unknown }  // a comment alone means: it depends
    }
    guard at > start else { throw error("a month, a weekday, a time such as 08:00-18:00, open or off was expected") }
    return rule
  }

  private mutating func dates(into rule: inout OpeningHours.Rule) throws(OpeningHoursError) {
    repeat {
      skipSpaces()
      guard let from = try datePoint(after: nil) else { return }
      var to = from
      let mark = at
      skipSpaces()
      if skipDash() {
        skipSpaces()
        guard let end = try datePoint(after: from) else { throw error("a month or a day was expected after '-'") }
        to = end
      } else {
        at = mark
      }
      rule.dates.append(.init(from: from, to: to))
    } while skipComma(before: { $0.isMonth })
  }

  private var isMonth: Bool {
    var copy = self
    copy.skipSpaces()
    return copy.name(of: Self.months) != nil
  }

  private mutating func datePoint(after first: OpeningHours.DatePoint?) throws(OpeningHoursError)
    -> OpeningHours.DatePoint?
  {
    let start = at
    var year: Int?
    if let number = number(digits: 4...4) {
      year = number
      skipSpaces()
    }
    if let month = name(of: Self.months) {
      let mark = at
      skipSpaces()
      if let day = number(digits: 1...2), peek != ":", (1...31).contains(day) {
        return .init(year: year, month: month + 1, day: day)
      }
      at = mark
      return .init(year: year, month: month + 1, day: nil)
    }
    if year == nil, let first, first.day != nil, let day = number(digits: 1...2), peek != ":", (1...31).contains(day) {
      return .init(year: first.year, month: first.month, day: day)
    }
    at = start
    return nil
  }

  private mutating func weekdays(into rule: inout OpeningHours.Rule) throws(OpeningHoursError) {
    var days: UInt8 = 0
    repeat {
      skipSpaces()
      if skipWord("PH") {
        rule.holidays = true
      } else if let first = name(of: Self.weekdays) {
        var last = first
        if skipDash() {
          guard let end = name(of: Self.weekdays) else { throw error("a weekday was expected after '-'") }
          last = end
        }
        if peek == "[" { throw error("a weekday's number in the month is not understood yet") }
        var day = first
        while true {
          days |= 1 << UInt8(day)
          if day == last { break }
          day = (day + 1) % 7
        }
      } else {
        break
      }
      rule.namesWeekdays = true
    } while skipComma(before: { $0.isWeekday })
    if rule.namesWeekdays { rule.weekdays = days }
  }

  private var isWeekday: Bool {
    var copy = self
    copy.skipSpaces()
    return copy.skipWord("PH") || copy.name(of: Self.weekdays) != nil
  }

  private mutating func times(into rule: inout OpeningHours.Rule) throws(OpeningHoursError) {
    repeat {
      skipSpaces()
      guard let start = try time() else { return }
      skipSpaces()
      guard skipDash() else { throw error("'-' and a closing time were expected") }
      skipSpaces()
      guard var end = try time() else { throw error("a closing time such as 18:00 was expected") }
      guard start <= 1440 else { throw error("an opening time is at most 24:00") }
      if end <= start { end += 1440 }
      guard end <= 2880 else { throw error("a closing time is at most 48:00") }
      if peek == "+" { throw error("an open end is not understood yet") }
      rule.times.append(.init(start: start, end: end))
    } while skipComma(before: { $0.isTime })
  }

  private var isTime: Bool {
    var copy = self
    copy.skipSpaces()
    return copy.number(digits: 1...2) != nil && copy.peek == ":"
  }

  private mutating func time() throws(OpeningHoursError) -> Int? {
    let start = at
    guard let hour = number(digits: 1...2) else { return nil }
    guard skip(":"), let minute = number(digits: 2...2) else {
      at = start
      throw error("a time is written as 08:00")
    }
    guard hour <= 48, minute < 60 else {
      at = start
      throw error("there is no such time")
    }
    return hour * 60 + minute
  }

  private mutating func comment() throws(OpeningHoursError) -> String {
    at += 1
    let start = at
    while at < characters.count, peek != "\"" { at += 1 }
    guard peek == "\"" else { throw error("the closing quote of the comment was expected") }
    defer { at += 1 }
    return String(characters[start..<at])
  }

  private var peek: Character? { at < characters.count ? characters[at] : nil }

  private mutating func skipSpaces() { while peek?.isWhitespace ?? false { at += 1 } }

  private mutating func skip(_ text: String) -> Bool {
    guard characters[at...].starts(with: text) else { return false }
    at += text.count
    return true
  }

  private mutating func skipDash() -> Bool { skip("-") || skip("–") }

  private mutating func skipWord(_ word: String) -> Bool {
    let start = at
    guard skip(word), !(peek?.isLetter ?? false) else {
      at = start
      return false
    }
    return true
  }

  /// Skips a comma if what follows continues the list; otherwise it begins another rule.
  private mutating func skipComma(before continues: (OpeningHoursParser) -> Bool) -> Bool {
    let start = at
    skipSpaces()
    if skip(",") && continues(self) { return true }
    at = start
    return false
  }

  private mutating func name(of names: [String]) -> Int? {
    for (index, name) in names.enumerated() where skipWord(name) { return index }
    return nil
  }

  private mutating func number(digits: ClosedRange<Int>) -> Int? {
    let start = at
    while let character = peek, character.isASCII, character.isNumber, at - start < digits.upperBound {
      at += 1
    }
    guard digits.contains(at - start), let number = Int(String(characters[start..<at])),
      !(peek?.isNumber ?? false)
    else {
      at = start
      return nil
    }
    return number
  }

  private func error(_ message: String) -> OpeningHoursError { OpeningHoursError(column: at + 1, message: message) }
}
