// The clock of the core: the real one, or in the demonstration one that starts elsewhere and runs faster.

internal import Glibc
public import Quantities

/// Where core time comes from.
public enum Timebase: Sendable {
  /// Core time is the system's.
  case real
  /// Core time was `start` when the machine had been up for `origin`, and runs `factor` times as fast.
  case scaled(start: Instant, factor: Int64, origin: Span)

  /// A moment on both clocks.
  public func moment() -> Moment {
    let uptime = Self.uptime()
    switch self {
    case .real:
      return Moment(core: Self.wallClock(), uptime: uptime)
    case .scaled(let start, let factor, let origin):
      return Moment(
        core: start + .milliseconds((uptime.milliseconds - origin.milliseconds) * factor), uptime: uptime)
    }
  }

  /// How many seconds of core time pass in one real second.
  public var factor: Int64 {
    switch self {
    case .real: 1
    case .scaled(_, let factor, _): factor
    }
  }

  /// What the system's clock shows.
  public static func wallClock() -> Instant { Instant(milliseconds: read(CLOCK_REALTIME)) }

  /// Time since the machine started, which nobody can set.
  public static func uptime() -> Span { .milliseconds(read(CLOCK_MONOTONIC)) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// One moment, on the core's clock and on the machine's.
public struct Moment: Hashable, Sendable {
  /// Core time.
  public var core: Instant
  /// Time since the machine started: for keep-alive, retries and rate limits.
  public var uptime: Span

  /// A moment.
  public init(core: Instant, uptime: Span) {
    self.core = core
    self.uptime = uptime
  }
}
