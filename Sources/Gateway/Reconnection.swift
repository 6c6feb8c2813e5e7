// When to try the broker again: soon at first, then more and more rarely, never all gateways at once.

internal import Quantities

/// A growing, jittered delay of at most 30 s.
struct Reconnection {
  private static let longest: Int64 = 30_000
  private var attempts = 0
  private(set) var notBefore = Span.milliseconds(0)

  /// The delay doubles from half a second; jitter takes up to a half of it away.
  mutating func failed(at uptime: Span, jitter: Int64) {
    let delay = min(Self.longest, 500 << Int64(min(attempts, 10)))
    attempts += 1
    notBefore = .milliseconds(uptime.milliseconds + delay - delay * jitter / 1000)
  }

  mutating func succeeded() { self = Reconnection() }
}
