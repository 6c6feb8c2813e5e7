// At which times of a day a rule holds, by the clock or by the sun.

extension OpeningHoursParser {
  var isTime: Bool { isTime(at) }

  /// Whether a time of day is written at a place, and not a day of a month.
  func isTime(_ index: Int) -> Bool {
    switch tokenKind(index) {
    case .leftParenthesis: true
    case .word(let word): SunEvent(rawValue: word) != nil
    case .number:
      tokenKind(index + 1) == .colon && isNumber(index + 2) || tokenKind(index + 1) == .hour
        || tokenKind(index + 1) == .dot
    default: false
    }
  }

  mutating func times(into rule: inout OpeningHours.Rule) throws(OpeningHoursProblem) {
    guard isTime || isNumber(at) else { return }
    var isNext = true
    while isNext {
      rule.times.append(try span())
      isNext = skipComma { $0.isTime || $0.isNumber($0.at) && !$0.isYear && !$0.isAllTheTime }
      if !isNext, isTime {
        warn("',' is meant before another time", at: at)
        isNext = true
      }
    }
  }

  mutating func span() throws(OpeningHoursProblem) -> OpeningHours.TimeSpan {
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

  mutating func time() throws(OpeningHoursProblem) -> OpeningHours.TimePoint {
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

  mutating func sunEvent() -> SunEvent? {
    guard let word, let event = SunEvent(rawValue: word) else { return nil }
    at += 1
    return event
  }

  mutating func clock() throws(OpeningHoursProblem) -> Int {
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
}
