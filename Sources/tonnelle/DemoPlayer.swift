// Publishes the recorded series at the clock's pace, as so many sensors would.

internal import MQTTLink
internal import Quantities

/// The demonstration's sensors.
final class DemoPlayer {
  private var cursor: DemoSeries.Cursor
  private let client: BrokerClient
  private(set) var published = 0

  init(_ series: DemoSeries, port: Int) throws(CommandFailure) {
    cursor = series.live()
    client = try BrokerClient(
      LinkOptions(host: "127.0.0.1", port: port, clientID: "tonnelle-demo-player", keepsSession: false))
  }

  /// Publishes what is due, then waits a moment.
  func play(until now: Instant) throws(CommandFailure) {
    while client.unacknowledged < 500, let message = cursor.next(until: now) {
      client.publish(message.topic, message.payload, qos: 1)
      published += 1
    }
    for event in client.pump(milliseconds: 50) {
      if case .lost(let reason) = event { throw CommandFailure("the demonstration's broker is gone: \(reason)") }
    }
  }

  func stop() { client.disconnect() }
}
