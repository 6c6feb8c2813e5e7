// Whoever is told: one message at a time, and an answer for each.

public import Store

/// What became of a delivery.
public enum Delivery: Hashable, Sendable {
  /// The receiver has it.
  case delivered
  /// It may have it or not; it is sent again.
  case failed(String)
  /// It is there and does not want this message.
  case refused(String)
}

/// A way to tell somebody.
public protocol AlertReceiver: AnyObject, Sendable {
  /// The identifier of the settings.
  var id: String { get }
  /// Sends one message; the next one comes only after the answer.
  ///
  /// - Parameters:
  ///   - event: what is sent.
  ///   - answer: called once, on any thread, within a bounded time unless the way itself is gone.
  func deliver(_ event: OutboxEvent, answer: @escaping @Sendable (Delivery) -> Void)
  /// Gives up what is under way; nothing comes after it.
  func cancel()
}
