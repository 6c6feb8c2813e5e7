// Which families of sensors, servers and hubs can be read, and how each names its devices.

internal import JSONText
public import Quantities

/// A decoder's name in settings.
public enum Decoder: String, CaseIterable, Hashable, Sendable {
  /// SenML (RFC 8428) in JSON or CBOR.
  case senml
  /// ChirpStack, versions 3 and 4.
  case chirpstack
  /// The Things Stack, version 3.
  case thingsStack = "things-stack"
  /// Actility ThingPark.
  case thingpark
  /// Orange Live Objects.
  case liveObjects = "live-objects"
  /// Zigbee2MQTT.
  case zigbee2mqtt
  /// Tasmota.
  case tasmota
  /// Theengs and OpenMQTTGateway: Bluetooth sensors.
  case theengs
  /// Shelly, second generation and later.
  case shelly
  /// sensor.community's own firmware.
  case sensorCommunity = "sensor-community"
  /// A bare number, as Home Assistant publishes states.
  case plain
  /// Any JSON, by pointers.
  case json

  /// Whether its messages come from a network server, which says which radio frame each was.
  public var isNetworkServer: Bool {
    switch self {
    case .chirpstack, .thingsStack, .thingpark, .liveObjects: true
    default: false
    }
  }

  /// Whether a sensor is known by its topic alone; otherwise by its identity at a server or hub.
  public var isKnownByTopic: Bool {
    switch self {
    case .senml, .plain, .json: true
    default: false
    }
  }

  /// Whether its identities are hardware addresses of things that people carry about, and stay unnoted unless listed.
  public var isBluetooth: Bool { self == .theengs }

  /// A device's identity in the form in which it is compared.
  ///
  /// - Parameter written: as somebody wrote it; of an address in hexadecimal the case and `-`, `:` and spaces do not matter.
  /// - Returns: nil where it cannot be an identity of this family.
  public func device(_ written: String) -> String? {
    let digits: Int
    switch self {
    case .senml, .plain, .json: return nil
    case .chirpstack, .thingsStack, .thingpark, .liveObjects: digits = 16
    case .theengs: digits = 12
    case .zigbee2mqtt, .tasmota, .shelly, .sensorCommunity:
      let isName = !written.isEmpty && written.utf8.count <= 256 && !written.utf8.contains { $0 < 0x20 }
      return isName ? written : nil
    }
    let address = written.filter { !"-: ".contains($0) }.lowercased()
    return address.utf8.count == digits && [UInt8](hex: address) != nil ? address : nil
  }

  /// The filter of the topics on which a device speaks, where its name is a part of them and may have several levels.
  ///
  /// - Parameter device: its identity.
  /// - Returns: nil for families in which the topic does not depend on it in this way.
  public func topics(of device: String) -> String? {
    switch self {
    case .tasmota: "+/\(device)/+"
    case .zigbee2mqtt: "+/\(device)"
    case .shelly: "\(device)/#"
    default: nil
    }
  }

  /// Takes a message out of its wrapping.
  ///
  /// Pure: it looks at no clock.
  ///
  /// - Parameters:
  ///   - payload: what was sent.
  ///   - topic: where to.
  ///   - mapping: what the settings say of numbers in it; of the sensor, or the default.
  /// - Returns: the message.
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public func read(
    _ payload: [UInt8], topic: String, mapping: FieldMapping = FieldMapping()
  ) throws(Refusal) -> DeviceMessage {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    switch self {
    case .senml: throw .notAPack  // a pack is no device's message: see ``decode(_:topic:arrival:mapping:)``
    case .chirpstack: return try ChirpStack.read(payload, levels)
    case .thingsStack: return try TheThingsStack.read(payload, levels)
    case .thingpark: return try ThingPark.read(payload)
    case .liveObjects: return try LiveObjects.read(payload)
    case .zigbee2mqtt: return try Zigbee2MQTT.read(payload, levels)
    case .tasmota: return try Tasmota.read(payload, levels)
    case .theengs: return try Theengs.read(payload, levels)
    case .shelly: return try Shelly.read(payload, levels)
    case .sensorCommunity: return try SensorCommunity.read(payload)
    case .plain: return try PlainNumber.read(payload, topic, hasDecimalComma: mapping.hasDecimalComma)
    case .json:
      var message = DeviceMessage(device: topic)
      message.object = try JSONValue.object(in: payload)
      return message
    }
  }

  /// What a payload says of some fields.
  ///
  /// Pure: the arrival comes from the caller.
  ///
  /// - Parameters:
  ///   - payload: what was sent.
  ///   - topic: where to.
  ///   - arrival: when it came.
  ///   - mapping: where the fields stand in it; SenML names its fields itself.
  /// - Returns: what is good of it, and why the rest is not.
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public func decode(
    _ payload: [UInt8], topic: String, arrival: Instant, mapping: FieldMapping
  ) throws(Refusal) -> Decoded {
    if self == .senml { return try SenMLProfile.decode(payload, arrival: arrival) }
    return try mapping.decode(try read(payload, topic: topic, mapping: mapping), arrival: arrival)
  }

  /// What becomes of each part of a payload, for somebody who wants to know why; as ``decode(_:topic:arrival:mapping:)``
  /// has it.
  ///
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public func outcomes(
    _ payload: [UInt8], topic: String, arrival: Instant, mapping: FieldMapping
  ) throws(Refusal) -> [(what: String, outcome: Result<Observation, Refusal>)] {
    if self == .senml { return try SenMLProfile.outcomes(payload, arrival: arrival) }
    return mapping.outcomes(try read(payload, topic: topic, mapping: mapping), arrival: arrival)
  }
}
