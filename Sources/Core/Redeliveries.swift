// Messages that the broker sends again because the acknowledgement was lost with a connection.

internal import Quantities

/// Tells a redelivery from a new message.
///
/// MQTT keeps the packet identifier of what it sends again, and sends it again only on a connection that resumes the
/// session. So what the previous connection took in, by identifier and content, is remembered until it comes again;
/// each is recognised once.
public struct Redeliveries: Hashable, Sendable {
  /// Messages of a connection that are remembered: as many as a broker may have left unacknowledged.
  public static let capacity = 5000

  var current: [Int: UInt64] = [:]
  var order: [Int] = []
  var previous: [Int: UInt64] = [:]

  /// Nothing remembered.
  public init() {}

  /// A connection began.
  public mutating func connected(sessionPresent: Bool) {
    previous = sessionPresent ? current.merging(previous) { new, _ in new } : [:]
    current = [:]
    order = []
  }

  /// Whether a message was already taken in by the previous connection.
  public func isRedelivery(_ message: Message) -> Bool {
    guard message.qos > 0, let packet = message.packet, !previous.isEmpty else { return false }
    return previous[packet] == Self.hash(message)
  }

  /// A redelivery was recognised: its packet identifier is free for another message, unless this acknowledgement is
  /// lost too and it comes once more.
  public mutating func settled(_ message: Message) {
    guard let packet = message.packet else { return }
    previous[packet] = nil
    remember(message, packet)
  }

  /// An entry was stored.
  public mutating func stored(_ entry: Entry) {
    let message: Message
    switch entry {
    case .message(let stored), .command(let stored): message = stored
    case .connected(_, let sessionPresent): return connected(sessionPresent: sessionPresent)
    default: return
    }
    guard message.qos > 0, let packet = message.packet else { return }
    remember(message, packet)
  }

  private mutating func remember(_ message: Message, _ packet: Int) {
    if current.updateValue(Self.hash(message), forKey: packet) == nil { order.append(packet) }
    guard order.count > 2 * Self.capacity else { return }
    for packet in order.prefix(Self.capacity) { current[packet] = nil }
    order.removeFirst(Self.capacity)
    previous = [:]  // whatever the broker had to send again, it sent first
  }

  private static func hash(_ message: Message) -> UInt64 {
    var hash = StableHash()
    hash.add(message.topic.utf8)
    hash.add(CollectionOfOne(0xFF))  // a byte that no topic holds
    hash.add(message.payload)
    return hash.value
  }
}
