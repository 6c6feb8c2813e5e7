// How much each sensor may send: one that shouts is limited for itself alone.

internal import Configuration
internal import Quantities

/// A bucket of tokens for each sensor: a message takes one, time brings them back.
struct RateLimits {
  private let limits: Settings.Limits
  /// Thousandths of a message that each sensor may still send, and when that was so.
  private var tokens: [Int64]
  private var times: [Int64]

  init(_ limits: Settings.Limits, sensors: Int) {
    self.limits = limits
    tokens = Array(repeating: limits.messagesAtOnce * 1000, count: sensors)
    times = Array(repeating: 0, count: sensors)
  }

  /// Takes a message of a sensor.
  ///
  /// - Returns: whether it is within the limits.
  mutating func admit(_ sensor: Int, at uptime: Span) -> Bool {
    let passed = max(0, uptime.milliseconds - times[sensor])
    times[sensor] = uptime.milliseconds
    let most = limits.messagesAtOnce * 1000
    // A thousandth a millisecond is one message a second. No sum overflows before a bucket is full.
    let missing = most - tokens[sensor]
    tokens[sensor] = passed >= missing ? most : min(most, tokens[sensor] + passed * limits.messagesPerSecond)
    guard tokens[sensor] >= 1000 else { return false }
    tokens[sensor] -= 1000
    return true
  }
}
