// Totals of counters to differences: wraps, restarts and battery swaps told apart.

/// The memory of one counter that reports a running total.
///
/// A smaller total is a wrap only if the people it would mean could have passed; otherwise the device restarted from
/// zero. What nobody could have counted in the time is another device or a fault, and a new baseline: so a battery swap
/// never becomes 65,000 visitors.
public struct Counter: Hashable, Sendable, BitwiseCopyable {
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
    /// The last total once more, with the same time.
    case repeated
    /// Another total at the last one's time: the first one holds.
    case conflicting
    /// More than could have passed since the last total: counting begins anew from here.
    case implausible
    /// Older than the last total: it changes nothing.
    case late
  }

  /// Negative where there is none.
  private(set) var lastTotal: Int64 = -1
  private(set) var lastTime: Int64 = .min

  /// A counter that has not reported yet.
  public init() {}

  init(lastTotal: Int64, lastTime: Int64) {
    self.lastTotal = lastTotal
    self.lastTime = lastTime
  }

  /// Whether a counter can have come to this.
  var isPossible: Bool { lastTotal >= -1 && (lastTotal == -1 || lastTime >= 0) }

  /// Begins anew if the last total lies after a time.
  mutating func forget(after time: Int64) { if lastTime > time { self = Counter() } }

  /// Forgets the last total: the next one is a baseline.
  public mutating func rebase() { lastTotal = -1 }

  /// The device says that it began again from zero: the next total counts as it is, even if it could be a wrap.
  public mutating func restart() { if lastTotal > 0 { lastTotal = 0 } }

  /// Takes a total.
  ///
  /// - Parameters:
  ///   - total: the running total, not negative.
  ///   - time: the device's time or the arrival, Unix milliseconds.
  ///   - model: bits and rate.
  /// - Returns: what the total meant.
  public mutating func take(total: Int64, at time: Int64, model: Model) -> Step {
    if time == lastTime && lastTotal >= 0 { return total == lastTotal ? .repeated : .conflicting }
    guard time > lastTime else { return .late }
    defer {
      lastTotal = total
      lastTime = time
    }
    guard lastTotal >= 0 else { return .baseline }
    let range: Int64 = 1 << Int64(model.bits)
    let elapsedMinutes = (Int128(time) - Int128(lastTime) + 59_999) / 60_000
    // However long it was silent: more than a quarter of the range is a new battery and not a crowd.
    let most = min(elapsedMinutes * Int128(model.maximumPerMinute), Int128(range / 4))
    if total >= lastTotal {
      let passed = total - lastTotal
      return Int128(passed) <= most * Self.surge ? .counted(passed) : .implausible
    }
    // A counter that went beyond its range does not wrap there.
    let wrapped = total - lastTotal + range
    if lastTotal < range && Int128(wrapped) <= most { return .counted(wrapped) }
    return Int128(total) <= most * Self.surge ? .restarted(total) : .implausible
  }

  /// A whole school class comes in within a minute: what is certainly counted may be so many times the usual largest
  /// rate before it is not believed.
  private static let surge: Int128 = 10
}

extension SeriesBank {
  /// Takes a counter's running total: the series keeps the difference to the last one.
  ///
  /// - Parameters:
  ///   - total: the running total in counts, not negative.
  ///   - time: the device's time or the arrival, Unix milliseconds.
  ///   - seconds: how long the difference stands for, 0 to 86,400.
  ///   - index: a series whose measure is ``Measure/counter(_:)``.
  /// - Returns: what became of it, and what the total meant where it counts.
  public mutating func count(
    total: Int64, at time: Int64, seconds: Int64, in index: SeriesIndex
  ) -> (appended: Appended, step: Counter.Step?) {
    guard case .counter(let model) = kind(of: index).measure else { preconditionFailure("not a counter") }
    guard time <= head else { return (refuse(.ahead, index), nil) }
    guard time >= 0 else { return (refuse(.tooOld, index), nil) }
    guard total >= 0 else { return (refuse(.outOfRange, index), nil) }
    // Also where the difference will be refused the next one counts from here.
    let step = slab[location(index).counter, as: Counter.self].take(total: total, at: time, model: model)
    let difference: Int64
    switch step {
    case .repeated: return (refuse(.repeated, index), nil)
    case .conflicting: return (refuse(.conflicting, index), nil)
    case .late: return (refuse(.superseded, index), nil)
    case .baseline: difference = 0
    case .implausible:
      slab[location(index).tally, as: Tally.self].noteImplausible()
      difference = 0
    case .counted(let count), .restarted(let count): difference = count
    }
    let thousandths = difference.multipliedReportingOverflow(by: 1000)
    let sample = Sample(time: time, value: thousandths.overflow ? .max : thousandths.partialValue, seconds: seconds)
    let appended = append(sample, to: index)
    if case .accepted = appended { return (appended, step) }
    return (appended, nil)
  }

  /// A device says that its counter began again from zero.
  public mutating func restart(_ index: SeriesIndex) {
    slab[location(index).counter, as: Counter.self].restart()
  }

  /// The time of a counter's last total, Unix milliseconds; nil if the next one is a baseline.
  public func lastTotalTime(of index: SeriesIndex) -> Int64? {
    let counter: Counter = slab[location(index).counter]
    return counter.lastTotal < 0 ? nil : counter.lastTime
  }

  /// Forgets a counter's last total: the next one is a baseline.
  public mutating func rebase(_ index: SeriesIndex) {
    slab[location(index).counter, as: Counter.self].rebase()
  }
}
