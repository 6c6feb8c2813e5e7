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
public struct Sender: Sendable {
  /// The sensor's index.
  public let sensor: Int
  /// What reads it.
  public let decoder: Decoder
  /// What its server or hub says, unwrapped.
  public let message: DeviceMessage?
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
      let decoder = city.sensors[sensor].decoder
      let speaksSenML = decoder == .senml || city.sensors[sensor].ownTopic == topic
      return Sender(sensor: sensor, decoder: speaksSenML ? .senml : decoder, message: nil)
    }
    guard let feed = feed(of: topic), !feed.decoder.isKnownByTopic else { return nil }
    let message = try feed.decoder.read(payload, topic: topic)
    guard let sensor = sensorOfDevice[DeviceName(feed.decoder, message.device)] else {
      throw message.kind == .other ? .notAMeasurement : .deviceUnknown
    }
    return Sender(sensor: sensor, decoder: feed.decoder, message: message)
  }

  /// What is subscribed to, if a topic is part of it.
  public func feed(of topic: String) -> Feed? { city.feeds.first { TopicFilter.matches($0.filter, topic) } }

  /// What a sender's message says.
  ///
  /// - Throws: ``Refusal`` when nothing of it can be used.
  public func decode(
    _ payload: [UInt8], of sender: Sender, topic: String, arrival: Instant
  ) throws(Refusal) -> Decoded {
    let mapping = city.sensors[sender.sensor].mapping
    guard let message = sender.message else {
      return try sender.decoder.decode(payload, topic: topic, arrival: arrival, mapping: mapping)
    }
    return try mapping.decode(message, arrival: arrival)
  }
}
