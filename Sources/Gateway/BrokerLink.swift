// The real link: libmosquitto, with the one call that blocks kept away from the loop.

public import Dispatch
public import MQTTLink

/// A connection to a broker that connects in the background.
///
/// `@unchecked Sendable`: touched on the loop's queue alone. While a connection is being made the link itself belongs
/// to the connecting thread, and `isConnecting` keeps the loop away from it.
public final class BrokerLink: GatewayLink, @unchecked Sendable {
  private let link: MQTTLink
  private let queue = DispatchQueue(label: "tonnelle.connecting")
  private var isConnecting = false
  private var failure: String?
  /// Whether the broker has accepted the connection.
  private var isAccepted = false
  /// What others send over this connection.
  private let outgoing: OutgoingMessages?
  /// Called when a connection was made or failed.
  var onChange: (@Sendable () -> Void)?
  /// Carries the end of connecting back to the loop's queue.
  private let home: DispatchQueue

  /// A link; the loop's queue owns it.
  public init(_ link: MQTTLink, home: DispatchQueue, outgoing: OutgoingMessages? = nil) {
    self.link = link
    self.home = home
    self.outgoing = outgoing
  }

  /// Begins to connect.
  public func startConnecting() {
    guard !isConnecting else { return }
    isConnecting = true
    queue.async { [self] in
      let reason = link.connect()
      home.async { [self] in
        isConnecting = false
        failure = reason
        onChange?()
      }
    }
  }

  var socket: Int32? { isConnecting ? nil : link.socket }
  var wantsWrite: Bool { !isConnecting && link.wantsWrite }

  /// Whether the network is there.
  public var isConnected: Bool { socket != nil }

  /// Reads what has come.
  public func read(limit: Int) -> [LinkEvent] {
    guard !isConnecting else { return [] }
    if let reason = failure {
      failure = nil
      return [.lost(reason: reason)]
    }
    let events = link.read(limit: limit)
    guard let outgoing else { return events }
    for event in events {
      switch event {
      case .connected: isAccepted = true
      case .lost: isAccepted = false
      case .published(let packet, let isTaken): outgoing.answered(packet, isAccepted: isTaken)
      case .message, .subscribed: break
      }
    }
    return events
  }

  /// Sends what is queued.
  public func write() {
    guard !isConnecting else { return }
    if isAccepted { outgoing?.drain { link.publish($0, $1, qos: 1, retain: false) } }
    link.write()
  }
  /// Closes without sending.
  public func abandon() { if !isConnecting { link.abandon() } }
  /// Keeps the connection alive.
  public func keepAlive() { if !isConnecting { link.keepAlive() } }
  /// Asks for filters.
  public func subscribe(_ filters: [String], qos: Int) -> Int? {
    isConnecting ? nil : link.subscribe(filters, qos: qos)
  }
  /// Ends a subscription.
  public func unsubscribe(_ filter: String) { if !isConnecting { link.unsubscribe(filter) } }
  /// Queues a message.
  public func publish(_ topic: String, _ payload: [UInt8], qos: Int, retain: Bool) -> Int? {
    isConnecting ? nil : link.publish(topic, payload, qos: qos, retain: retain)
  }
  /// Says goodbye.
  public func disconnect() { if !isConnecting { link.disconnect() } }
}
