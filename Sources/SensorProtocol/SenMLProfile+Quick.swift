// The packs that nearly every sensor sends, read without building a document: names, values, units of the profile, times
// of their own or none. Anything else, and anything that would be refused, is left to the thorough reader.

internal import JSONText
internal import Quantities

extension SenMLProfile {
  private enum Text {
    static let n: ShortText = "n"
    static let u: ShortText = "u"
    static let v: ShortText = "v"
    static let t: ShortText = "t"
    static let celsius: ShortText = "Cel"
    static let relativeHumidity: ShortText = "%RH"
    static let charge: ShortText = "%EL"
    static let percent: ShortText = "%"
    static let ratio: ShortText = "/"
    static let count: ShortText = "count"
    static let decibel: ShortText = "dB"
    static let decibelA: ShortText = "dBA"
  }

  /// What an ordinary pack says.
  ///
  /// - Returns: what ``decode(_:arrival:)`` would say, without a refusal; nil for any pack that is not quite ordinary.
  static func ordinaryPack(_ payload: [UInt8], arrival: Instant) -> [Observation]? {
    let bytes = payload.span
    var cursor = JSONCursor(0..<bytes.count)
    guard cursor.take(0x5B, bytes) else { return nil }
    var observations: [Observation] = []
    repeat {
      cursor.skipSpaces(bytes)
      guard let observation = record(&cursor, payload, bytes, arrival) else { return nil }
      observations.append(observation)
      cursor.skipSpaces(bytes)
    } while cursor.take(0x2C, bytes)
    guard cursor.take(0x5D, bytes), cursor.isAtEnd, observations.count <= SenMLPack.maximumRecords else { return nil }
    return observations
  }

  private static func record(
    _ cursor: inout JSONCursor, _ payload: [UInt8], _ bytes: Swift.Span<UInt8>, _ arrival: Instant
  ) -> Observation? {
    guard cursor.take(0x7B, bytes) else { return nil }
    var name: Range<Int>?
    var unit: ShortText?
    var value: (digits: Int64, places: Int)?
    var time: (digits: Int64, places: Int)?
    repeat {
      cursor.skipSpaces(bytes)
      guard let label = cursor.shortText(bytes), cursor.take(0x3A, bytes) else { return nil }
      cursor.skipSpaces(bytes)
      // Each label once: what stands twice is for the thorough reader to refuse.
      if label == Text.n, name == nil {
        name = cursor.plainString(bytes)
        guard name != nil else { return nil }
      } else if label == Text.v, value == nil {
        value = cursor.decimal(bytes)
        guard value != nil else { return nil }
      } else if label == Text.u, unit == nil {
        unit = cursor.shortText(bytes)
        guard unit != nil else { return nil }
      } else if label == Text.t, time == nil {
        time = cursor.decimal(bytes)
        guard time != nil else { return nil }
      } else {
        return nil
      }
      cursor.skipSpaces(bytes)
    } while cursor.take(0x2C, bytes)
    guard cursor.take(0x7D, bytes), let name, let value, let (field, seconds) = field(named: payload[name]),
      unit.map({ isOwn($0, of: field) }) ?? true, let thousandths = thousandths(value), isPlausible(thousandths, field)
    else { return nil }
    var moment = arrival
    if let time {
      // Below this a time is relative to now (RFC 8428 §4.5.3); a year beyond 9999 is refused.
      guard let milliseconds = Self.thousandths(time), milliseconds >= 1 << 28 * 1000,
        milliseconds < 300_000_000_000_000
      else { return nil }
      moment = Instant(milliseconds: milliseconds)
    }
    return Observation(
      field: field, value: clamped(thousandths, field), time: moment, hasOwnTime: time != nil, seconds: seconds)
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
    case .temperature, .temperatureGlobe: unit == Text.celsius
    case .humidity: unit == Text.relativeHumidity || unit == Text.percent
    case .batteryPercent: unit == Text.charge || unit == Text.percent
    case .inTotal, .outTotal, .people: unit == Text.count
    case .occupied: unit == Text.ratio || unit == Text.count
    case .laeq, .lafmax: unit == Text.decibel || unit == Text.decibelA
    }
  }
}
