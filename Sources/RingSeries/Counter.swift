// Totals of counters to differences: wraps, restarts and battery swaps told apart.

/// The memory of one counter that reports a running total.
///
/// A smaller total is a wrap only if the people it would mean could have passed; otherwise the device restarted from
/// zero, so that a battery swap never becomes 65,000 visitors.
public struct Counter: Hashable, Sendable {
  /// What the device counts with, and how fast people can pass.
  public struct Model: Hashable, Sendable {
    /// Bits of the total: 16 or 32.
    public let bits: Int
    /// Largest plausible rate, counts a minute.
    public let maximumPerMinute: Int64

    /// A model.
    public init(bits: Int = 32, maximumPerMinute: Int64 = 60) {
      precondition(bits == 16 || bits == 32)
      self.bits = bits
      self.maximumPerMinute = maximumPerMinute
    }
  }

  /// What a total meant.
  public enum Step: Hashable, Sendable {
    /// The first total ever: nothing is known of what came before.
    case baseline
    /// So many more since the last total.
    case counted(Int64)
    /// The device began again from zero and has counted so many since.
    case restarted(Int64)
    /// Not newer than the last total: it changes nothing.
    case late
  }

  private var lastTotal: Int64?
  private var lastTime: Int64 = .min

  /// A counter that has not reported yet.
  public init() {}

  /// Forgets the last total: the next one is a baseline.
  public mutating func rebase() { lastTotal = nil }

  /// Takes a total.
  ///
  /// - Parameters:
  ///   - total: the running total, not negative.
  ///   - time: the device's time or the arrival, Unix milliseconds.
  ///   - model: bits and rate.
  /// - Returns: what the total meant.
  public mutating func take(total: Int64, at time: Int64, model: Model) -> Step {
    guard time > lastTime else { return .late }
    defer {
      lastTotal = total
      lastTime = time
    }
    guard let last = lastTotal else { return .baseline }
    if total >= last { return .counted(total - last) }
    let wrapped = total - last + 1 << Int64(model.bits)
    let elapsedMinutes = (time - lastTime + 59_999) / 60_000
    let plausible = elapsedMinutes.multipliedReportingOverflow(by: model.maximumPerMinute)
    // However long it was silent: more than a quarter of the range is a new battery and not a crowd.
    let most = min(plausible.overflow ? .max : plausible.partialValue, 1 << Int64(model.bits - 2))
    return wrapped <= most ? .counted(wrapped) : .restarted(total)
  }
}
