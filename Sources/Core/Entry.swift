// What the journal holds: everything that the core learns, in the order in which it learnt it.

public import Quantities
public import SensorProtocol

/// A message as it arrived.
public struct Message: Hashable, Sendable {
  /// When it arrived, core time.
  public var arrival: Instant
  /// Its topic.
  public var topic: String
  /// Its payload.
  public var payload: [UInt8]
  /// Its quality of service, 0 to 2.
  public var qos: Int
  /// Whether the broker had kept it: its age is unknown.
  public var isRetained: Bool
  /// Its packet identifier, for QoS above 0: a redelivery keeps it.
  public var packet: Int?

  /// A message.
  public init(
    arrival: Instant, topic: String, payload: [UInt8], qos: Int = 0, isRetained: Bool = false, packet: Int? = nil
  ) {
    self.arrival = arrival
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.isRetained = isRetained
    self.packet = packet
  }
}

/// The text of a whole configuration: every file that was read, and the time zone's data.
public struct ConfigurationText: Hashable, Sendable {
  /// A file's name as settings give it, and its text.
  public struct File: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The text.
    public var text: [UInt8]

    /// A file.
    public init(name: String, text: [UInt8]) {
      self.name = name
      self.text = text
    }
  }

  /// The settings first, then what they name.
  public var files: [File]
  /// The zone's TZif bytes (RFC 8536), so that a replay does not depend on the machine.
  public var zone: [UInt8]

  /// A configuration.
  public init(files: [File], zone: [UInt8]) {
    self.files = files
    self.zone = zone
  }
}

/// An entry of the journal.
public enum Entry: Hashable, Sendable {
  /// A sensor's message that was admitted.
  case message(Message)
  /// A command, from MQTT or from the operators' port.
  case command(Message)
  /// A configuration took effect.
  case configuration(Instant, ConfigurationText)
  /// The broker accepted the connection, with or without the session of before.
  case connected(Instant, sessionPresent: Bool)
  /// The system's clock was set: it shows `to` where it showed `from`.
  case clock(from: Instant, to: Instant)
  /// Readings of a sensor were refused at admission, or of nobody known; only their number is kept.
  case refused(Instant, source: String?, [RefusalCount])

  /// A command or a configuration at another moment; anything else as it is.
  public func moved(to instant: Instant) -> Entry {
    switch self {
    case .command(var message):
      message.arrival = instant
      return .command(message)
    case .configuration(_, let text): return .configuration(instant, text)
    case .message, .connected, .clock, .refused: return self
    }
  }

  /// The moment of the entry, core time.
  public var at: Instant {
    switch self {
    case .message(let message), .command(let message): message.arrival
    case .configuration(let at, _), .connected(let at, _), .refused(let at, _, _): at
    case .clock(_, let to): to
    }
  }
}

/// How often something was refused, and why.
public struct RefusalCount: Hashable, Sendable {
  /// Why.
  public var refusal: Refusal
  /// How often.
  public var count: Int64

  /// A count.
  public init(_ refusal: Refusal, _ count: Int64) {
    self.refusal = refusal
    self.count = count
  }
}
