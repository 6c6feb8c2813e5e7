// Messages that others hand to the loop's connection, and the broker's word on each.

internal import Synchronization

/// A mailbox in front of the loop's connection; any thread may put something in.
///
/// Messages leave in order while the broker is there. One that was under way when the connection broke is sent again by
/// libmosquitto itself on the next one, under the same packet identifier, and answered then.
public final class OutgoingMessages: Sendable {
  /// Told whether the broker took it.
  public typealias Answer = @Sendable (Bool) -> Void

  struct Message: Sendable {
    var topic: String
    var payload: [UInt8]
    var answer: Answer
  }

  private let waiting = Mutex<[Message]>([])
  private let sent = Mutex<[Int: Answer]>([:])

  /// An empty mailbox.
  public init() {}

  /// Hands over a message, to be published with QoS 1 and not retained.
  ///
  /// - Parameters:
  ///   - topic: where.
  ///   - payload: what.
  ///   - answer: called once on the loop's queue, when the broker has answered.
  public func send(_ topic: String, _ payload: [UInt8], answer: @escaping Answer) {
    waiting.withLock { $0.append(Message(topic: topic, payload: payload, answer: answer)) }
  }

  /// Publishes what waits; what the connection does not take waits on.
  func drain(_ publish: (String, [UInt8]) -> Int?) {
    let taken = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for (index, message) in taken.enumerated() {
      guard let packet = publish(message.topic, message.payload) else {
        waiting.withLock { $0.insert(contentsOf: taken[index...], at: 0) }
        return
      }
      sent.withLock { $0[packet] = message.answer }
    }
  }

  func answered(_ packet: Int, isAccepted: Bool) {
    sent.withLock { $0.removeValue(forKey: packet) }?(isAccepted)
  }
}
