// What a network server or a hub says of one of its devices, before the settings say which of it counts.

public import JSONText
public import Quantities

/// A message of a family's server or hub, taken out of its wrapping.
public struct DeviceMessage: Sendable {
  /// What kind of message it is.
  public enum Kind: Hashable, Sendable {
    /// Something was measured.
    case measurement
    /// The device joined its network: its frame counter begins anew.
    case join
    /// The device or its server says how it is: battery, presence on the network.
    case status
    /// Chatter of the server or hub.
    case other
  }

  /// What kind of message it is.
  public var kind: Kind
  /// The device's identity, in the form of ``Decoder/device(_:)``.
  public var device: String
  /// When it was measured or received by the network, if the message says so.
  public var time: Instant?
  /// The radio frame, if it came in one.
  public var frame: RadioFrame?
  /// Values by name, those of the family's table.
  public var readings: [Reading] = []
  /// What JSON pointers look into: the message of a hub, the decoded object of a network server.
  public var object: JSONValue?

  init(_ kind: Kind = .measurement, device: String, time: Instant? = nil) {
    self.kind = kind
    self.device = device
    self.time = time
  }

  /// A value and its name.
  public struct Reading: Hashable, Sendable {
    /// What it is: a ``Field``'s name where it is one.
    public var name: String
    /// Which of the device's probes says so; empty for its own.
    public var probe: String
    /// The value, in the unit of its name or its own.
    public var value: ExactDecimal
    /// Whether it is `on` or `off`, and no number.
    public var isState = false
    /// The unit that stands behind it.
    public var unit: String?

    init(_ name: String, _ value: ExactDecimal, probe: String = "") {
      self.name = name
      self.probe = probe
      self.value = value
    }
  }

  /// Kinds of values of which the device has several probes, whether they say something now or not.
  var manifold: Set<String> = []

  /// The reading that a name means: `temperature@DS18B20`, or `temperature` where there is but one.
  func reading(_ name: String) -> Reading? {
    readings.first { reading in
      if name == reading.name { return reading.probe.isEmpty || !manifold.contains(name) }
      return !reading.probe.isEmpty && name == "\(reading.name)@\(reading.probe)"
    }
  }
}

/// A frame of a radio network such as LoRaWAN: the same device, counter, port and payload are the same frame.
public struct RadioFrame: Hashable, Sendable {
  /// The port, 0 where there is none: such a frame measures nothing.
  public var port: Int64
  /// The counter of frames, from 0 after each join.
  public var counter: Int64
  /// What the device sent.
  public var payload: [UInt8]
  /// Received signal strength in dBm at the gateway that heard it best.
  public var rssi: ExactDecimal?
  /// Signal-to-noise ratio in dB there.
  public var snr: ExactDecimal?
  /// How many gateways heard it.
  public var gateways = 0
  /// What the server calls this frame.
  public var key: String?

  init(port: Int64, counter: Int64, payload: [UInt8]) {
    self.port = port
    self.counter = counter
    self.payload = payload
  }

  /// A number for what makes it the same frame.
  public var identity: UInt64 {
    var hash = StableHash()
    hash.add("\(port) \(counter) ".utf8)
    hash.add(payload)
    return hash.value
  }

  /// Notes what a gateway heard: the best one speaks for all.
  mutating func hear(rssi: ExactDecimal?, snr: ExactDecimal?) {
    gateways += 1
    guard gateways == 1 || (snr ?? .weakest) > (self.snr ?? .weakest) else { return }
    (self.rssi, self.snr) = (rssi, snr)
  }
}

extension ExactDecimal {
  fileprivate static let weakest = ExactDecimal(-1_000_000)
}

/// One row of a family's table: what the maker calls a value, what it is here, and its unit.
struct FamilyRow: Sendable {
  let key: String
  let name: String
  /// Ours is the maker's times `numerator / denominator`.
  let numerator: Int64
  let denominator: Int64

  init(_ key: String, _ name: String, times numerator: Int64 = 1, over denominator: Int64 = 1) {
    self.key = key
    self.name = name
    self.numerator = numerator
    self.denominator = denominator
  }

  func reading(_ value: JSONValue, at probe: String = "") -> DeviceMessage.Reading? {
    if let state = value.state {
      var reading = DeviceMessage.Reading(name, state, probe: probe)
      reading.isState = true
      return reading
    }
    return value.decimal?.scaled(by: numerator, over: denominator).map { .init(name, $0, probe: probe) }
  }
}

extension [FamilyRow] {
  /// The values of an object that stand in the table; `null` is a sensor's way to say nothing.
  func readings(of object: JSONValue, at probe: String = "") -> [DeviceMessage.Reading] {
    compactMap { row in object[row.key].flatMap { row.reading($0, at: probe) } }
  }
}

extension JSONValue {
  /// A number, or one written as text.
  var decimal: ExactDecimal? {
    switch kind {
    case .number: numberText.flatMap { ExactDecimal($0) }
    case .string: stringSlice.flatMap { ExactDecimal($0) }
    case .true, .false, .null, .object, .array: nil
    }
  }

  /// A state, as 0 or 1.
  var state: ExactDecimal? {
    switch kind {
    case .true: ExactDecimal(1)
    case .false: ExactDecimal(0)
    case .string: stringSlice.flatMap { ExactDecimal(state: $0) }
    case .number, .null, .object, .array: nil
    }
  }

  /// A whole number, as such or as text.
  var whole: Int64? {
    decimal.flatMap { $0.trillionths % 1_000_000_000_000 == 0 ? $0.whole : nil }
  }

  /// A moment as RFC 3339 text.
  var instant: Instant? { stringSlice.flatMap { Instant(rfc3339: $0) } }

  /// The value that a pointer (RFC 6901) leads to.
  func value(at pointer: [String]) -> JSONValue? {
    var value = self
    for token in pointer {
      let next =
        switch value.kind {
        case .object: value[token]
        case .array: Self.index(token).flatMap { index in value.elements.dropFirst(index).first { _ in true } }
        default: JSONValue?.none
        }
      guard let next else { return nil }
      value = next
    }
    return value
  }

  /// Digits without a leading zero, as RFC 6901 has them.
  private static func index(_ token: String) -> Int? {
    let isIndex = token.utf8.allSatisfy { (0x30...0x39).contains($0) } && (token == "0" || !token.hasPrefix("0"))
    return isIndex ? Int(token) : nil
  }

  /// A document whose root must be an object.
  static func object(in payload: [UInt8]) throws(Refusal) -> JSONValue {
    let document: JSONDocument
    do {
      document = try JSONDocument(payload, options: .init(maximumDepth: 16))
    } catch {
      throw Refusal(error)
    }
    guard document.root.kind == .object else { throw .malformed }
    return document.root
  }
}

extension ExactDecimal {
  /// `on`, `true`, `yes` and their opposites, in any case.
  init?(state text: ArraySlice<UInt8>) {
    switch String(decoding: text, as: UTF8.self).lowercased() {
    case "on", "true", "yes": self.init(1)
    case "off", "false", "no": self.init(0)
    default: return nil
    }
  }
}

extension [UInt8] {
  /// The bytes of hexadecimal digits; nil for anything else.
  init?(hex text: some StringProtocol) {
    let digits = text.utf8.compactMap { $0 < 0x80 ? Character(UnicodeScalar($0)).hexDigitValue : nil }
    guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
