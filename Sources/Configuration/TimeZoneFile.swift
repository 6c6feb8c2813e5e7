// TZif files (RFC 8536), as tzdata installs them, to civil zones.

public import Quantities

/// Why a time zone cannot be used.
public struct TimeZoneError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String
}

/// Reads TZif.
public enum TimeZoneFile {
  /// Where Debian's tzdata puts its files.
  public static let folder = "/usr/share/zoneinfo"

  /// The zone that a file describes.
  ///
  /// - Parameters:
  ///   - bytes: the file, version 2 or later.
  ///   - name: the name people know it by.
  /// - Returns: the zone.
  /// - Throws: ``TimeZoneError``.
  public static func zone(_ bytes: [UInt8], name: String) throws(TimeZoneError) -> CivilZone {
    var reader = Reader(bytes: bytes)
    let first = try reader.header()
    guard first.version >= 0x32 else { throw TimeZoneError(description: "the time zone file is of version 1") }
    // The first block holds 32-bit times; the second says the same and more.
    try reader.skip(first.length(timeSize: 4))
    let header = try reader.header()
    var times: [Int64] = []
    for _ in 0..<header.times { times.append(Int64(bitPattern: try reader.big(8))) }
    var types: [Int] = []
    for _ in 0..<header.times { types.append(Int(try reader.big(1))) }
    var offsets: [Int] = []
    for _ in 0..<header.types {
      offsets.append(Int(Int32(truncatingIfNeeded: Int64(try reader.big(4)))))
      try reader.skip(2)
    }
    guard types.allSatisfy({ $0 < offsets.count }), !offsets.isEmpty, times == times.sorted() else {
      throw TimeZoneError(description: "the time zone file contradicts itself")
    }
    try reader.skip(header.characters + header.leapSeconds * 12 + header.standard + header.universal)
    return CivilZone(
      name: name, initialOffset: offsets[0],
      transitions: zip(times, types).map { .init(at: $0, offset: offsets[$1]) },
      rule: try PosixRule.parse(reader.footer()))
  }

  private struct Header {
    var version: UInt8
    var universal: Int
    var standard: Int
    var leapSeconds: Int
    var times: Int
    var types: Int
    var characters: Int

    func length(timeSize: Int) -> Int {
      times * (timeSize + 1) + types * 6 + characters + leapSeconds * (timeSize + 4) + standard + universal
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var at = 0

    mutating func big(_ count: Int) throws(TimeZoneError) -> UInt64 {
      guard at + count <= bytes.count else { throw TimeZoneError(description: "the time zone file is cut") }
      var value: UInt64 = 0
      for _ in 0..<count {
        value = value << 8 | UInt64(bytes[at])
        at += 1
      }
      return value
    }

    mutating func skip(_ count: Int) throws(TimeZoneError) {
      guard at + count <= bytes.count else { throw TimeZoneError(description: "the time zone file is cut") }
      at += count
    }

    mutating func header() throws(TimeZoneError) -> Header {
      guard bytes.dropFirst(at).starts(with: "TZif".utf8) else {
        throw TimeZoneError(description: "this is not a time zone file (TZif)")
      }
      at += 4
      let version = UInt8(try big(1))
      try skip(15)
      var counts: [Int] = []
      for _ in 0..<6 { counts.append(Int(try big(4))) }
      guard counts.allSatisfy({ $0 < 100_000 }) else {
        throw TimeZoneError(description: "the time zone file is damaged")
      }
      return Header(
        version: version, universal: counts[0], standard: counts[1], leapSeconds: counts[2], times: counts[3],
        types: counts[4], characters: counts[5])
    }

    func footer() -> String {
      String(decoding: bytes.dropFirst(at).drop { $0 == 0x0A }.prefix { $0 != 0x0A }, as: UTF8.self)
    }
  }
}

/// The TZ string of POSIX: `CET-1CEST,M3.5.0,M10.5.0/3`.
enum PosixRule {
  static func parse(_ text: String) throws(TimeZoneError) -> CivilZone.Rule? {
    guard !text.isEmpty else { return nil }
    var rest = Substring(text)
    func fail() -> TimeZoneError { TimeZoneError(description: "the time zone's rule \"\(text)\" is not understood") }
    guard skipName(&rest), let west = seconds(&rest) else { throw fail() }
    let standard = -west
    guard !rest.isEmpty else { return .init(standard: standard, daylight: nil) }
    guard skipName(&rest) else { throw fail() }
    var offset = standard + 3600
    if rest.first != "," {
      guard let west = seconds(&rest) else { throw fail() }
      offset = -west
    }
    guard let begins = change(&rest), let ends = change(&rest), rest.isEmpty else { throw fail() }
    return .init(standard: standard, daylight: .init(offset: offset, begins: begins, ends: ends))
  }

  private static func skipName(_ rest: inout Substring) -> Bool {
    if rest.first == "<" {
      guard let end = rest.firstIndex(of: ">") else { return false }
      rest = rest[rest.index(after: end)...]
      return true
    }
    let name = rest.prefix(while: \.isLetter)
    rest = rest.dropFirst(name.count)
    return name.count >= 3
  }

  private static func number(_ rest: inout Substring) -> Int? {
    let digits = rest.prefix(while: \.isNumber)
    rest = rest.dropFirst(digits.count)
    return Int(digits)
  }

  /// Reads `[+-]hh[:mm[:ss]]`.
  private static func seconds(_ rest: inout Substring) -> Int? {
    let sign = rest.first == "-" ? -1 : 1
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    guard var total = number(&rest).map({ $0 * 3600 }) else { return nil }
    for unit in [60, 1] where rest.first == ":" {
      rest.removeFirst()
      guard let part = number(&rest) else { return nil }
      total += part * unit
    }
    return sign * total
  }

  /// `,Mm.w.d[/time]`; no zone of today uses the two other forms.
  private static func change(_ rest: inout Substring) -> CivilZone.YearlyChange? {
    guard rest.hasPrefix(",M") else { return nil }
    rest = rest.dropFirst(2)
    guard let month = number(&rest), (1...12).contains(month), rest.popFirst() == ".",
      let week = number(&rest), (1...5).contains(week), rest.popFirst() == ".",
      let weekday = number(&rest), (0...6).contains(weekday)
    else { return nil }
    var second = 7200
    if rest.first == "/" {
      rest.removeFirst()
      guard let time = seconds(&rest) else { return nil }
      second = time
    }
    return .init(month: month, week: week, weekday: weekday, second: second)
  }
}
