// Instants as text, in both directions: RFC 3339, and the odd form of mosquitto_sub.

extension Instant {
  /// Seconds of the first moment of the year 0 and of the last one of the year 9999.
  private static let firstSecond: Int64 = -62_167_219_200
  private static let lastSecond: Int64 = 253_402_300_799

  /// RFC 3339 text with an offset; milliseconds only where there are any.
  ///
  /// The form has years from 0 to 9999: a moment beyond them is written as the first or the last one of these.
  ///
  /// - Parameter offset: seconds east of UTC; 0 is written `Z`.
  /// - Returns: text such as `2026-07-18T12:00:00+02:00`.
  public func rfc3339(offset: Int = 0) -> String {
    let local = min(max(seconds + Int64(offset), Self.firstSecond), Self.lastSecond)
    let dayNumber = local.floorDivided(by: 86_400)
    let second = Int(local - dayNumber * 86_400)
    let (year, month, day) = CivilDay(daysSinceEpoch: dayNumber).components
    let fraction = Int(milliseconds - seconds * 1000)
    // Digit by digit into the text's own memory: every entry of the journal has a time.
    return unsafe String(unsafeUninitializedCapacity: 29) { buffer in
      var text = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
      text.append(digits: year / 100)
      text.append(digits: year % 100)
      text.append(0x2D)
      text.append(digits: month)
      text.append(0x2D)
      text.append(digits: day)
      text.append(0x54)
      text.append(digits: second / 3600)
      text.append(0x3A)
      text.append(digits: second / 60 % 60)
      text.append(0x3A)
      text.append(digits: second % 60)
      if fraction != 0 {
        text.append(0x2E)
        text.append(0x30 + UInt8(fraction / 100))
        text.append(digits: fraction % 100)
      }
      if offset == 0 {
        text.append(0x5A)
      } else {
        text.append(offset < 0 ? 0x2D : 0x2B)
        text.append(digits: abs(offset) / 3600)
        text.append(0x3A)
        text.append(digits: abs(offset) / 60 % 60)
      }
      return unsafe text.finalize(for: buffer)
    }
  }

  /// The moment that RFC 3339 text names; fractions beyond milliseconds are cut.
  ///
  /// Also reads what `mosquitto_sub -F %j` writes as `tst`: local time, a literal `Z`, then the offset
  /// without a colon (`2026-11-21T14:55:39.495298Z+0100`).
  ///
  /// - Returns: nil when the text is not such a time. A leap second counts as the second before it.
  public init?(rfc3339 text: ArraySlice<UInt8>) {
    var reader = DigitReader(rest: text)
    guard let year = reader.number(digits: 4), reader.skip(0x2D), let month = reader.number(digits: 2),
      reader.skip(0x2D), let day = reader.number(digits: 2),
      reader.skip(0x54) || reader.skip(0x74) || reader.skip(0x20),
      let hour = reader.number(digits: 2), reader.skip(0x3A), let minute = reader.number(digits: 2),
      reader.skip(0x3A), let second = reader.number(digits: 2),
      let date = CivilDay(year: year, month: month, day: day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var milliseconds = 0
    if reader.skip(0x2E) {
      var digits = 0
      while let digit = reader.number(digits: 1) {
        if digits < 3 { milliseconds = milliseconds * 10 + digit }
        digits += 1
      }
      guard digits > 0 else { return nil }
      for _ in min(digits, 3)..<3 { milliseconds *= 10 }
    }
    var offset = 0
    let isUTC = reader.skip(0x5A) || reader.skip(0x7A)
    let sign = reader.skip(0x2B) ? 1 : reader.skip(0x2D) ? -1 : 0
    if sign != 0 {
      guard let hours = reader.number(digits: 2) else { return nil }
      _ = reader.skip(0x3A)
      guard let minutes = reader.number(digits: 2), hours < 24, minutes < 60 else { return nil }
      offset = sign * (hours * 3600 + minutes * 60)
    } else if !isUTC {
      return nil
    }
    guard reader.rest.isEmpty else { return nil }
    let local = date.daysSinceEpoch * 86_400 + Int64(hour * 3600 + minute * 60 + min(second, 59))
    self.init(milliseconds: (local - Int64(offset)) * 1000 + Int64(milliseconds))
  }

  /// The moment that RFC 3339 text names.
  public init?(rfc3339 text: String) { self.init(rfc3339: ArraySlice(text.utf8)) }
}

extension OutputSpan<UInt8> {
  /// Appends two digits.
  fileprivate mutating func append(digits number: Int) {
    append(0x30 + UInt8(number / 10 % 10))
    append(0x30 + UInt8(number % 10))
  }
}

extension Instant {
  /// The moment of the form of RFC 3339 that this program writes, in UTC: `2026-07-18T12:00:00Z`, or with three digits
  /// of milliseconds; nil for any other form.
  public init?(utc text: Range<Int>, of bytes: Swift.Span<UInt8>) {
    guard text.count == 20 || text.count == 24, bytes[text.upperBound - 1] == 0x5A else { return nil }
    let start = text.lowerBound
    var isGood = true
    func mark(_ place: Int, _ byte: UInt8) { if bytes[start &+ place] != byte { isGood = false } }
    func number(_ place: Int, _ digits: Int) -> Int {
      var number = 0
      for index in start &+ place..<start &+ place &+ digits {
        let digit = bytes[index] &- 0x30
        if digit > 9 { isGood = false }
        number = number &* 10 &+ Int(digit)
      }
      return number
    }
    mark(4, 0x2D)
    mark(7, 0x2D)
    mark(10, 0x54)
    mark(13, 0x3A)
    mark(16, 0x3A)
    let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
    guard isGood, hour < 24, minute < 60, second < 60,
      let day = CivilDay(year: number(0, 4), month: number(5, 2), day: number(8, 2))
    else { return nil }
    var milliseconds = 0
    if text.count == 24 {
      mark(19, 0x2E)
      milliseconds = number(20, 3)
    }
    guard isGood else { return nil }
    let seconds = day.daysSinceEpoch * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    self.init(milliseconds: seconds * 1000 + Int64(milliseconds))
  }
}

private struct DigitReader {
  var rest: ArraySlice<UInt8>

  mutating func skip(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(digits: Int) -> Int? {
    var value = 0
    var copy = rest
    for _ in 0..<digits {
      guard let byte = copy.popFirst(), (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    rest = copy
    return value
  }
}
