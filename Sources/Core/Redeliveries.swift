// Messages that the broker sends again because the acknowledgement was lost with a connection.

/// Tells a redelivery from a new message.
///
/// MQTT keeps the packet identifier of what it sends again, and sends it again only on a connection that resumes the
/// session. So what the previous connection took in, by identifier and content, is remembered until it comes again;
/// each is recognised once.
public struct Redeliveries: Hashable, Sendable {
  /// Messages of a connection that are remembered: as many as a broker may have left unacknowledged.
  public static let capacity = 5000

  private var current: [Int: UInt64] = [:]
  private var order: [Int] = []
  private var previous: [Int: UInt64] = [:]

  /// Nothing remembered.
  public init() {}

  /// A connection began.
  public mutating func connected(sessionPresent: Bool) {
    previous = sessionPresent ? current.merging(previous) { new, _ in new } : [:]
    current = [:]
    order = []
  }

  /// Whether a message was already taken in by the previous connection; asked once a message.
  public mutating func isRedelivery(_ message: Message) -> Bool {
    guard message.qos > 0, let packet = message.packet, !previous.isEmpty else { return false }
    guard previous[packet] == Self.hash(message) else { return false }
    previous[packet] = nil
    return true
  }

  /// A message was stored.
  public mutating func stored(_ message: Message) {
    guard message.qos > 0, let packet = message.packet else { return }
    if current.updateValue(Self.hash(message), forKey: packet) == nil { order.append(packet) }
    guard order.count > 2 * Self.capacity else { return }
    for packet in order.prefix(Self.capacity) { current[packet] = nil }
    order.removeFirst(Self.capacity)
  }

  /// FNV-1a over topic and payload.
  private static func hash(_ message: Message) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in message.topic.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ 0xFF) &* 0x100_0000_01b3
    for byte in message.payload { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
