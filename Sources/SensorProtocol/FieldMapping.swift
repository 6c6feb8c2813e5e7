// Where the fields of a sensor stand in the messages of its family, as the settings say.

internal import JSONText
public import Quantities

/// Which values of a message are which fields.
public struct FieldMapping: Hashable, Sendable {
  /// Where a field's value stands, and what must be done to it.
  public struct Source: Hashable, Sendable {
    /// The field.
    public var field: Field
    /// A name of the family's table or of a member of the message, or, beginning with `/`, a JSON pointer (RFC 6901).
    public var place: String
    /// What the number is multiplied with.
    public var scale: ExactDecimal?
    /// The unit it is in, as in SenML, and `degF`; nil is the field's own.
    public var unit: String?

    /// A source.
    public init(_ field: Field, at place: String, scale: ExactDecimal? = nil, unit: String? = nil) {
      self.field = field
      self.place = place
      self.scale = scale
      self.unit = unit
    }
  }

  /// How a message writes its time.
  public enum TimeFormat: String, CaseIterable, Hashable, Sendable {
    /// Unix time in seconds.
    case seconds = "s"
    /// Unix time in milliseconds.
    case milliseconds = "ms"
    /// RFC 3339.
    case iso8601
  }

  /// Where each field stands.
  public var sources: [Source] = []
  /// The JSON pointer to the time of measurement, where the family does not know it.
  public var time: String?
  /// How that time is written.
  public var timeFormat = TimeFormat.iso8601
  /// Whether a bare number has a comma for its point.
  public var hasDecimalComma = false

  /// No field.
  public init() {}

  /// Fields that stand where their names say.
  public init(_ fields: [Field]) { sources = fields.map { Source($0, at: $0.rawValue) } }

  /// The tokens of a JSON pointer; nil if it is none.
  public static func tokens(_ pointer: String) -> [String]? {
    guard pointer.hasPrefix("/") else { return nil }
    var tokens: [String] = []
    for token in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      var text = ""
      var rest = token[...]
      while let character = rest.popFirst() {
        guard character == "~" else {
          text.append(character)
          continue
        }
        switch rest.popFirst() {
        case "0": text.append("~")
        case "1": text.append("/")
        default: return nil
        }
      }
      tokens.append(text)
    }
    return tokens
  }

  /// How people write units that SenML writes otherwise.
  private static let spellings = [
    "°C": "Cel", "C": "Cel", "ºC": "Cel", "°F": "degF", "F": "degF", "dB(A)": "dBA", "people": "count",
  ]

  /// Times before this come from clocks that were never set: 2015 began.
  static let earliest = Instant(milliseconds: 1_420_070_400_000)

  /// What a message says of the fields.
  ///
  /// - Throws: ``Refusal`` when it says nothing of them.
  public func decode(_ message: DeviceMessage, arrival: Instant) throws(Refusal) -> Decoded {
    guard message.kind != .join else { return Decoded() }
    let isFrame = message.frame.map { $0.port > 0 && !$0.payload.isEmpty } ?? false
    if isFrame && message.object == nil && message.readings.isEmpty { throw .notDecoded }
    var decoded = Decoded()
    for (_, outcome) in outcomes(message, arrival: arrival) {
      do throws(Refusal) {
        decoded.observations.append(try outcome.get())
      } catch {
        decoded.refusals.append(error)
      }
    }
    if decoded.observations.isEmpty && decoded.refusals.isEmpty { throw .notAMeasurement }
    return decoded
  }

  /// What becomes of each field that the message has.
  func outcomes(
    _ message: DeviceMessage, arrival: Instant
  ) -> [(what: String, outcome: Result<Observation, Refusal>)] {
    let own = ownTime(of: message).flatMap { $0 >= Self.earliest && $0 <= arrival + .hours(1) ? $0 : nil }
    return sources.compactMap { source in
      do throws(Refusal) {
        guard let value = try value(of: source, in: message) else { return nil }
        let observation = Observation(
          field: source.field, value: value, time: own ?? arrival, hasOwnTime: own != nil)
        return (source.place, .success(observation))
      } catch {
        return (source.place, .failure(error))
      }
    }
  }

  private func ownTime(of message: DeviceMessage) -> Instant? {
    guard let time, let value = Self.tokens(time).flatMap({ message.object?.value(at: $0) }) else {
      return message.time
    }
    switch timeFormat {
    case .iso8601: return value.instant
    case .seconds: return value.decimal.map { Instant(milliseconds: $0.thousandths) }
    case .milliseconds: return value.whole.map(Instant.init(milliseconds:))
    }
  }

  /// A source's value in thousandths of the field's unit; nil where the message has none.
  private func value(of source: Source, in message: DeviceMessage) throws(Refusal) -> Int64? {
    var number: ExactDecimal
    var isState = false
    var unit = source.unit
    if let reading = message.reading(source.place) {
      (number, isState, unit) = (reading.value, reading.isState, unit ?? reading.unit)
    } else {
      let tokens = Self.tokens(source.place) ?? [source.place]
      guard let value = message.object?.value(at: tokens), !value.isNull else { return nil }
      guard let decimal = value.decimal ?? value.state else { throw .valueNotANumber }
      (number, isState) = (decimal, value.state != nil)
    }
    // A thermometer that says "off" does not measure 0 degrees.
    guard !isState || source.field == .occupied else { throw .valueNotANumber }
    if let scale = source.scale {
      guard let scaled = number.times(scale) else { throw .valueTooLarge }
      number = scaled
    }
    unit = unit.map { Self.spellings[$0] ?? $0 }
    if unit == "degF", source.field.isTemperature {
      guard let celsius = number.celsiusOfFahrenheit else { throw .valueTooLarge }
      (number, unit) = (celsius, nil)
    }
    guard let own = source.field.inOwnUnit(number, unit: unit.map { ArraySlice($0.utf8) }) else { throw .unitUnknown }
    let thousandths = own.thousandths
    guard source.field.isPlausible(thousandths) else { throw .valueImplausible }
    return source.field.clamped(thousandths)
  }
}
