// Whose a message is: by its topic, or by the device that a server or hub names in it.

public import Quantities
public import SensorProtocol

/// A device's identity within its family.
struct DeviceName: Hashable {
  let decoder: Decoder
  let device: String

  init(_ decoder: Decoder, _ device: String) {
    self.decoder = decoder
    self.device = device
  }
}

/// Whose a message is, and how it is read.
public enum Sender: Sendable {
  /// A sensor, by its index, that has the topic; nearly all messages are of this kind, so it is small.
  case topic(sensor: Int, Decoder)
  /// A sensor whose server or hub has named it in the message, which is unwrapped already.
  indirect case device(sensor: Int, Decoder, DeviceMessage)

  /// The sensor's index.
  public var sensor: Int {
    switch self {
    case .topic(let sensor, _), .device(let sensor, _, _): sensor
    }
  }

  /// What reads it.
  public var decoder: Decoder {
    switch self {
    case .topic(_, let decoder), .device(_, let decoder, _): decoder
    }
  }

  /// What its server or hub says.
  public var message: DeviceMessage? {
    if case .device(_, _, let message) = self { message } else { nil }
  }
}

extension CityState {
  /// The sensor that publishes on a topic.
  public func sensor(onTopic topic: String) -> Int? { sensorOfTopic[topic] }

  /// Whose a message is.
  ///
  /// - Parameters:
  ///   - payload: what was sent.
  ///   - topic: where to.
  /// - Returns: the sender; nil for a topic that is neither a sensor's nor a server's or hub's.
  /// - Throws: ``Refusal`` when a server's or hub's message cannot be read, or comes from a device that nobody listed.
  public func sender(of payload: [UInt8], topic: String) throws(Refusal) -> Sender? {
    if let sensor = sensorOfTopic[topic] {
      let decoder = wires[sensor].decoder
      let speaksSenML = decoder == .senml || city.sensors[sensor].ownTopic == topic
      return .topic(sensor: sensor, speaksSenML ? .senml : decoder)
    }
    guard let feed = feed(of: topic), !feed.decoder.isKnownByTopic else { return nil }
    let message = try feed.decoder.read(payload, topic: topic)
    guard let sensor = sensorOfDevice[DeviceName(feed.decoder, message.device)] else {
      throw message.kind == .other ? .notAMeasurement : .deviceUnknown
    }
    return .device(sensor: sensor, feed.decoder, message)
  }

  /// What is subscribed to, if a topic is part of it.
  public func feed(of topic: String) -> Feed? { city.feeds.first { TopicFilter.matches($0.filter, topic) } }

  /// What a sender's message says.
  ///
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public func decode(
    _ payload: [UInt8], of sender: Sender, topic: String, arrival: Instant
  ) throws(Refusal) -> Decoded {
    var decoded = Decoded()
    try decode(payload, of: sender, topic: topic, arrival: arrival, into: &decoded)
    return decoded
  }

  /// The same, into the memory of an earlier result.
  func decode(
    _ payload: [UInt8], of sender: Sender, topic: String, arrival: Instant, into decoded: inout Decoded
  ) throws(Refusal) {
    switch sender {
    case .topic(_, .senml): try SenMLProfile.decode(payload, arrival: arrival, into: &decoded)
    case .topic(let sensor, let decoder):
      decoded = try decoder.decode(
        payload, topic: topic, arrival: arrival, mapping: city.sensors[sensor].mapping)
    case .device(let sensor, _, let message):
      decoded = try city.sensors[sensor].mapping.decode(message, arrival: arrival)
    }
  }
}
