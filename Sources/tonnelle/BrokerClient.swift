// A plain client for commands that talk to a broker and do nothing else: record, replay into a broker, the demo's player.

internal import Gateway
internal import Glibc
internal import MQTTLink
internal import Quantities

/// A connection that its one owner pumps.
final class BrokerClient {
  private let link: MQTTLink
  /// Messages that the broker has not acknowledged.
  private(set) var unacknowledged = 0

  /// Connects, and waits for the broker's answer for at most ten seconds.
  init(_ options: LinkOptions) throws(CommandFailure) {
    guard let link = MQTTLink(options) else { throw CommandFailure("libmosquitto cannot use these broker settings") }
    self.link = link
    let name = "\(options.host):\(options.port)"
    if let reason = link.connect() { throw CommandFailure("no connection to the broker \(name): \(reason)") }
    let deadline = Timebase.uptime().milliseconds + 10_000
    while Timebase.uptime().milliseconds < deadline {
      for event in pump(milliseconds: 100) {
        switch event {
        case .connected: return
        case .lost(let reason): throw CommandFailure("the broker \(name) refuses the connection: \(reason)")
        default: break
        }
      }
    }
    throw CommandFailure("the broker \(name) does not answer")
  }

  /// A broker's address as people write it.
  static func address(_ text: String) throws(CommandFailure) -> (host: String, port: Int) {
    let parts = text.split(separator: ":")
    guard let host = parts.first, parts.count <= 2, let port = parts.count == 2 ? Int(parts[1]) : 1883,
      (1...65535).contains(port)
    else { throw CommandFailure("a broker is written HOST or HOST:PORT, not \"\(text)\"", code: ExitCode.usage) }
    return (String(host), port)
  }

  /// Waits until something comes or the time is over, and returns what happened.
  func pump(milliseconds: Int32) -> [LinkEvent] {
    link.write()
    guard let socket = link.socket else { return link.read(limit: 1) }
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&descriptor, 1, milliseconds)
    let events = link.read(limit: 5000)
    for event in events { if case .published = event { unacknowledged -= 1 } }
    link.keepAlive()
    link.write()
    return events
  }

  /// What the broker said of itself.
  var limits: BrokerLimits? { link.limits }

  /// Asks for filters; the answer is an event with the packet that this returns.
  @discardableResult
  func subscribe(_ filters: [String], qos: Int) throws(CommandFailure) -> Int {
    guard let packet = link.subscribe(filters, qos: qos) else {
      throw CommandFailure("the subscription cannot be sent")
    }
    return packet
  }

  func publish(_ topic: String, _ payload: [UInt8], qos: Int, retain: Bool = false) {
    guard link.publish(topic, payload, qos: qos, retain: retain) != nil, qos > 0 else { return }
    unacknowledged += 1
  }

  func disconnect() { link.disconnect() }
}
