// Alerts by HTTP: a JSON text is posted, any 2xx is its acknowledgement.

internal import Foundation
public import Store

/// Posts alerts to an address.
public final class WebhookReceiver: AlertReceiver {
  /// The identifier of the settings.
  public let id: String
  private let url: URL
  private let caller: HTTPCaller

  /// A receiver at an address; nil for one that cannot be used.
  ///
  /// - Parameters:
  ///   - id: the identifier of the settings.
  ///   - url: the address.
  ///   - token: what `Authorization: Bearer` says, if anything.
  public init?(id: String, url: String, token: String?) {
    guard let url = URL(string: url) else { return nil }
    self.id = id
    self.url = url
    caller = HTTPCaller(token: token)
  }

  /// Posts one message.
  public func deliver(_ event: OutboxEvent, answer: @escaping @Sendable (Delivery) -> Void) {
    let headers = ["Content-Type": "application/json; charset=utf-8", "Idempotency-Key": event.id]
    // The status is the answer, whatever follows: nobody reads the body.
    caller.call("POST", url, headers: headers, body: event.body) { answer(Self.delivery($0)) }
  }

  /// Gives up what is under way.
  public func cancel() { caller.cancel() }

  /// What an answer means: it is refused where the message itself is not wanted, and may come right otherwise.
  static func delivery(_ answer: HTTPAnswer) -> Delivery {
    guard let status = answer.status else { return .failed(answer.fault) }
    return switch status {
    case 200..<300: .delivered
    case 400, 413, 422: .refused(answer.fault)
    default: .failed(answer.fault)
    }
  }
}
