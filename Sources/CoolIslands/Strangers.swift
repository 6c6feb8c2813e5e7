// Who speaks on subscribed topics and stands in no setting: identities and how often, never what they said.

internal import JSONText
public import Quantities
public import SensorProtocol

/// A device or a topic that no sensor of the settings has.
public struct Stranger: Hashable, Sendable {
  /// What read it.
  public let decoder: Decoder
  /// The device's identity; the topic where the family knows sensors by it.
  public let identity: String
  /// The fields that it seems to have.
  public let fields: [Field]
  /// The place that its topic names, where the settings have it.
  public let place: String?

  /// The decoder's name.
  public var family: String { decoder.rawValue }

  /// A line for the settings; what nobody can guess is a question mark in it.
  public var settingsLine: String {
    var json = JSONWriter()
    json.object { json in
      json.member("id", Self.identifier(identity))
      json.member("place", place ?? "?")
      if decoder != .senml { json.member("decoder", decoder.rawValue) }
      if !decoder.isKnownByTopic {
        json.member("device", identity)
      } else if decoder != .senml || place == nil {
        json.member("topic", identity)
      }
      json.key("fields")
      json.array { json in
        for field in fields { json.string(field.rawValue) }
        if fields.isEmpty { json.string("?") }
      }
    }
    return String(decoding: json.bytes, as: UTF8.self)
  }

  /// An identifier that the settings accept, made of an identity: of a topic the last two levels.
  private static func identifier(_ identity: String) -> String {
    let levels = identity.split(separator: "/")
    let tail = identity.hasPrefix("tonnelle/v1/up/") ? levels.suffix(1) : levels.suffix(2)
    var id = ""
    for byte in tail.joined(separator: "-").lowercased().utf8 {
      let isAllowed = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
      if isAllowed { id.unicodeScalars.append(UnicodeScalar(byte)) } else if id.last != "-" { id += "-" }
    }
    let trimmed = id.drop { $0 == "-" }.prefix(64)
    return trimmed.isEmpty ? "?" : String(trimmed.last == "-" ? trimmed.dropLast() : trimmed)
  }
}

/// The strangers that spoke last.
public struct Strangers: Sendable {
  /// Strangers that are kept.
  public static let capacity = 1000

  /// A stranger and how often it spoke.
  public struct Row: Sendable {
    /// Who.
    public var stranger: Stranger
    /// How many messages.
    public var count: Int64
    /// When it spoke first.
    public var first: Instant
    /// When it spoke last.
    public var last: Instant
    /// How many strangers' messages came before its last.
    var order: Int64
  }

  private var rows: [DeviceName: Row] = [:]
  private var messages: Int64 = 0

  /// Nobody spoke yet.
  public init() {}

  /// Somebody spoke.
  public mutating func note(_ stranger: Stranger, at now: Instant) {
    messages += 1
    let name = DeviceName(stranger.decoder, stranger.identity)
    var row = rows[name] ?? Row(stranger: stranger, count: 0, first: now, last: now, order: 0)
    row.count += 1
    row.last = now
    row.order = messages
    // What it measures is guessed of its fullest message.
    if stranger.fields.count > row.stranger.fields.count { row.stranger = stranger }
    rows[name] = row
    guard rows.count > Self.capacity + Self.capacity / 4 else { return }  // now and then, not for each one that is new
    let orders = rows.values.map(\.order).sorted()
    let oldest = orders[orders.count - Self.capacity]
    rows = rows.filter { $0.value.order >= oldest }
  }

  /// The strangers, who spoke last first.
  public var newest: [Row] { Array(rows.values.sorted { $0.order > $1.order }.prefix(Self.capacity)) }
}

extension CityState {
  /// Who sent a message that no sensor of the settings sent; nil if somebody did, if nothing can be known, and of
  /// Bluetooth always.
  public func stranger(of payload: [UInt8], topic: String, arrival: Instant) -> Stranger? {
    guard sensorOfTopic[topic] == nil, topic.utf8.count <= 256, let feed = feed(of: topic), !feed.decoder.isBluetooth
    else { return nil }
    var fields: [Field] = []
    var identity = topic
    var place: String?
    if feed.decoder == .senml {
      let decoded = try? feed.decoder.decode(payload, topic: topic, arrival: arrival, mapping: FieldMapping())
      fields = decoded?.observations.map(\.field) ?? []
      let levels = topic.split(separator: "/").map(String.init)
      if levels.count == 5, topic.hasPrefix("tonnelle/v1/up/"), self.place(levels[3]) != nil { place = levels[3] }
    } else if let message = try? feed.decoder.read(payload, topic: topic) {
      guard message.kind != .other,
        feed.decoder.isKnownByTopic || sensorOfDevice[.init(feed.decoder, message.device)] == nil
      else { return nil }
      identity = message.device
      fields = Field.allCases.filter { field in
        message.readings.contains { $0.name == field.rawValue && $0.probe.isEmpty }
          || message.object?[field.rawValue] != nil
      }
    } else if !feed.decoder.isKnownByTopic {
      return nil
    }
    let distinct = Field.allCases.filter { fields.contains($0) }
    return Stranger(decoder: feed.decoder, identity: identity, fields: distinct, place: place)
  }
}
