// The packs that nearly every sensor sends, read without building a document: names, values, units of the profile, times
// of their own, a base time or none. Anything else, and anything that would be refused, is left to the thorough reader.

internal import JSONText
package import Quantities

extension SenMLProfile {
  /// Reads an ordinary pack.
  ///
  /// - Returns: whether it is one, and `observations` are what ``decode(_:arrival:)`` would say, without a refusal; of any
  ///   pack that is not quite ordinary they may be some of it.
  package static func ordinaryPack(_ payload: [UInt8], arrival: Instant, into observations: inout [Observation]) -> Bool
  {
    let bytes = payload.span
    var cursor = JSONCursor(0..<bytes.count)
    guard cursor.take(0x5B, bytes) else { return false }
    var base: Int64?
    repeat {
      cursor.skipSpaces(bytes)
      guard let observation = record(&cursor, payload, bytes, arrival, &base) else { return false }
      observations.append(observation)
      cursor.skipSpaces(bytes)
    } while cursor.take(0x2C, bytes)
    return cursor.take(0x5D, bytes) && cursor.isAtEnd && observations.count <= SenMLPack.maximumRecords
  }

  /// The record that most sensors send, `{"n":"temperature","u":"Cel","v":24.5}`, without a look at anything else.
  @inline(__always)
  private static func shortRecord(
    _ cursor: inout JSONCursor, _ bytes: Swift.Span<UInt8>, _ arrival: Instant, _ base: Int64?
  ) -> Observation? {
    guard cursor.take("{\"n\":\"", bytes), let name = cursor.short(bytes), let field = Field(short: name) else {
      return nil
    }
    if cursor.take(",\"u\":\"", bytes) {
      guard let unit = cursor.short(bytes), isOwn(unit, of: field) else { return nil }
    }
    guard cursor.take(",\"v\":", bytes), let value = cursor.decimal(bytes), cursor.take(0x7D, bytes),
      let thousandths = thousandths(value), field.isPlausible(thousandths)
    else { return nil }
    return Observation(
      field: field, value: field.clamped(thousandths), time: base.map(Instant.init(milliseconds:)) ?? arrival,
      hasOwnTime: base != nil)
  }

  private static func record(
    _ cursor: inout JSONCursor, _ payload: [UInt8], _ bytes: Swift.Span<UInt8>, _ arrival: Instant,
    _ base: inout Int64?
  ) -> Observation? {
    var short = cursor
    if let observation = shortRecord(&short, bytes, arrival, base) {
      cursor = short
      return observation
    }
    guard cursor.take(0x7B, bytes) else { return nil }
    var name: Range<Int>?
    var unit: ShortText?
    var value: (digits: Int64, places: Int)?
    var time: (digits: Int64, places: Int)?
    var hasBase = false
    repeat {
      cursor.skipSpaces(bytes)
      guard let label = cursor.shortName(bytes) else {
        guard !hasBase, cursor.take("\"bt\":", bytes) else { return nil }
        cursor.skipSpaces(bytes)
        guard let written = cursor.decimal(bytes), let milliseconds = moment(written) else { return nil }
        (hasBase, base) = (true, milliseconds)
        cursor.skipSpaces(bytes)
        continue
      }
      cursor.skipSpaces(bytes)
      // Each label once: what stands twice is for the thorough reader to refuse.
      switch label {
      case UInt8(ascii: "n") where name == nil:
        name = cursor.plainString(bytes)
        guard name != nil else { return nil }
      case UInt8(ascii: "v") where value == nil:
        value = cursor.decimal(bytes)
        guard value != nil else { return nil }
      case UInt8(ascii: "u") where unit == nil:
        unit = cursor.plainString(bytes).flatMap { ShortText($0, of: bytes) }
        guard unit != nil else { return nil }
      case UInt8(ascii: "t") where time == nil:
        time = cursor.decimal(bytes)
        guard time != nil else { return nil }
      default: return nil
      }
      cursor.skipSpaces(bytes)
    } while cursor.take(0x2C, bytes)
    guard cursor.take(0x7D, bytes), let name, let value, let (field, seconds) = field(at: name, of: payload),
      unit.map({ isOwn($0, of: field) }) ?? true, let thousandths = thousandths(value), field.isPlausible(thousandths)
    else { return nil }
    var own = base
    if let time {
      guard let base else {
        guard let milliseconds = moment(time) else { return nil }
        return Observation(
          field: field, value: field.clamped(thousandths), time: Instant(milliseconds: milliseconds), hasOwnTime: true,
          seconds: seconds)
      }
      // A base and what is added to it: exact to the millisecond, or the thorough reader rounds their sum.
      guard time.places <= 3, let added = Self.thousandths(time), let sum = absolute(base + added) else { return nil }
      own = sum
    }
    let observed = own.map(Instant.init(milliseconds:)) ?? arrival
    return Observation(
      field: field, value: field.clamped(thousandths), time: observed, hasOwnTime: own != nil,
      seconds: seconds)
  }

  /// Unix milliseconds of a time in seconds; nil for one that is relative to now, or rounded.
  private static func moment(_ time: (digits: Int64, places: Int)) -> Int64? {
    time.places <= 3 ? thousandths(time).flatMap(absolute) : nil
  }

  /// Below this a time is relative to now (RFC 8428 §4.5.3); a year beyond 9999 is refused.
  private static func absolute(_ milliseconds: Int64) -> Int64? {
    milliseconds >= 1 << 28 * 1000 && milliseconds < 300_000_000_000_000 ? milliseconds : nil
  }

  /// The field of a name; the usual ones are compared as numbers.
  private static func field(at name: Range<Int>, of payload: [UInt8]) -> (Field, seconds: Int64?)? {
    guard let text = ShortText(name, of: payload.span), let field = Field(short: text) else {
      return SenMLPack.isName(payload[name]) ? field(named: payload[name]) : nil
    }
    return (field, nil)
  }

  /// A decimal in thousandths, halves away from zero.
  private static func thousandths(_ number: (digits: Int64, places: Int)) -> Int64? {
    switch number.places {
    case 0: number.digits.multipliedReportingOverflow(by: 1000).partialValue
    case 1: number.digits * 100
    case 2: number.digits * 10
    case 3: number.digits
    case 4...9: number.digits.roundedDivided(by: powers[number.places - 3])
    default: nil
    }
  }

  private static let powers: [Int64] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]

  /// Whether a unit is the field's own, so that nothing is to be converted.
  private static func isOwn(_ unit: ShortText, of field: Field) -> Bool {
    switch field {
    case .temperature, .temperatureGlobe: unit == "Cel"
    case .humidity: unit == "%RH" || unit == "%"
    case .batteryPercent: unit == "%EL" || unit == "%"
    case .inTotal, .outTotal, .people: unit == "count"
    case .occupied: unit == "/" || unit == "count"
    case .laeq, .lafmax: unit == "dB" || unit == "dBA"
    }
  }
}

extension Field {
  /// The field of a short name; nil also for those whose name is long.
  fileprivate init?(short name: ShortText) {
    switch name {
    case "temperature": self = .temperature
    case "humidity": self = .humidity
    case "laeq": self = .laeq
    case "lafmax": self = .lafmax
    case "in_total": self = .inTotal
    case "out_total": self = .outTotal
    case "people": self = .people
    case "occupied": self = .occupied
    case "battery_percent": self = .batteryPercent
    default: return nil
    }
  }
}
