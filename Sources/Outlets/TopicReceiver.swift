// Alerts on the gateway's own topic, over the gateway's own connection.

public import Store

/// Publishes alerts with QoS 1; the broker's acknowledgement is the answer.
public final class TopicReceiver: AlertReceiver {
  /// Hands a message to the connection; the answer says whether the broker took it.
  public typealias Publish =
    @Sendable (_ topic: String, _ payload: [UInt8], _ answer: @escaping @Sendable (Bool) -> Void) -> Void

  /// The identifier of the settings.
  public let id: String
  private let topic: String
  private let publish: Publish

  /// A receiver on a topic.
  public init(id: String, topic: String, publish: @escaping Publish) {
    self.id = id
    self.topic = topic
    self.publish = publish
  }

  /// Sends one message; while the broker is away it waits.
  public func deliver(_ event: OutboxEvent, answer: @escaping @Sendable (Delivery) -> Void) {
    publish(topic, event.body) { isAccepted in
      answer(isAccepted ? .delivered : .failed("the broker refuses messages on \(self.topic): check its access rules"))
    }
  }

  /// Does nothing: the connection ends with the gateway.
  public func cancel() {}
}
