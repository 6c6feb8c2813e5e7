// An act on its way into the journal: done, or surely not done.

public import Core
public import Dispatch
internal import Synchronization

/// A command that somebody waits for.
///
/// While nothing can be stored it waits with them; when they stop waiting it is taken back, so that nobody is told
/// that something holds which a restart forgets, or that it does not hold and finds it done later.
public final class Submission: Sendable {
  private enum State {
    case waiting
    /// Its batch is being stored.
    case underWay
    case withdrawn
    case done(CommandResult)
  }

  let entry: Entry
  private let state = Mutex(State.waiting)
  private let isDone = DispatchSemaphore(value: 0)

  /// A command.
  public init(_ entry: Entry) { self.entry = entry }

  /// Waits for what becomes of it; nil when it was taken back, and will never be done.
  public func wait(_ patience: DispatchTimeInterval) -> CommandResult? {
    while true {
      let hasEnded = isDone.wait(timeout: .now() + patience) == .timedOut
      let (result, isOver): (CommandResult?, Bool) = state.withLock { state in
        switch state {
        case .done(let result): return (result, true)
        case .withdrawn: return (nil, true)
        case .underWay: return (nil, false)  // the disk is about to say
        case .waiting:
          if hasEnded { state = .withdrawn }
          return (nil, hasEnded)
        }
      }
      if isOver { return result }
    }
  }

  /// Whether it may go into a batch now.
  func begin() -> Bool {
    state.withLock { state in
      guard case .waiting = state else { return false }
      state = .underWay
      return true
    }
  }

  /// Its batch could not be stored.
  func failed() { state.withLock { if case .underWay = $0 { $0 = .waiting } } }

  func finish(_ result: CommandResult) {
    state.withLock { $0 = .done(result) }
    isDone.signal()
  }
}
