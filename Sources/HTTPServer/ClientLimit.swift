// How many connections each address has. libmicrohttpd could limit them, but would not say that it turned somebody away.

internal import Synchronization

/// Counts the open connections of each address, and those that were turned away.
///
/// Two threads that accept at the same moment may both let the last one in: the limit can be passed by a thread or two.
final class ClientLimit: Sendable {
  private struct State {
    var open: [UInt32: Int] = [:]
    var refused = 0
  }

  private let state = Mutex(State())
  private let limit: Int

  /// No address may have more connections than the limit.
  init(_ limit: Int) { self.limit = limit }

  /// Connections that were closed at once, since their address had too many.
  var refused: Int { state.withLock { $0.refused } }

  /// Whether one more connection of an address is taken.
  func admits(_ address: UInt32) -> Bool {
    state.withLock { state in
      let isRoom = state.open[address, default: 0] < limit
      if !isRoom { state.refused += 1 }
      return isRoom
    }
  }

  /// A connection was taken.
  func opened(_ address: UInt32) { state.withLock { $0.open[address, default: 0] += 1 } }

  /// A connection is gone; an address that has none left is forgotten.
  func closed(_ address: UInt32) {
    state.withLock { state in
      let rest = state.open[address, default: 1] - 1
      state.open[address] = rest > 0 ? rest : nil
    }
  }
}
