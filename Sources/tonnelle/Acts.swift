// Acts of the operators' port, handed to the loop: whoever acts hears what became of it.

internal import Core
internal import Dispatch
internal import Gateway
internal import OperatorEndpoint
internal import Quantities
internal import Synchronization

/// Puts commands of the operators' port into the journal, from the moment on at which the loop turns.
final class Acts: Sendable {
  /// How long a browser waits for a disk that does not answer; then the act is taken back.
  private static let patience = DispatchTimeInterval.seconds(3)

  private let loop = Mutex<Loop?>(nil)

  /// The loop turns.
  func begin(_ loop: Loop) { self.loop.withLock { $0 = loop } }

  /// Gives a command, and waits until it is stored and obeyed.
  func perform(_ topic: String, _ payload: [UInt8]) -> ActOutcome {
    guard let loop = loop.withLock({ $0 }) else { return .notDone }
    let submission = Submission(.command(Message(arrival: .distantPast, topic: topic, payload: payload, qos: 1)))
    loop.perform { $0.submit(submission) }
    guard let result = submission.wait(Self.patience) else { return .notDone }
    return result.refusal.map { .refused($0) } ?? .accepted
  }
}
