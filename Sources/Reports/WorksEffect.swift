// What works changed: the difference to the reference before and after, on days of like weather, with its uncertainty.

public import Quantities

/// The effect of works on a place's temperature against its reference.
public struct WorksEffect: Hashable, Sendable {
  /// A day that can be compared.
  struct Day: Hashable {
    /// Days since 1970-01-01.
    var day: Int64
    /// Mean difference to the reference over the hours that are compared, thousandths of a degree.
    var difference: Int64
    /// The warmest hour of the reference, thousandths of a degree.
    var referenceMaximum: Int64
  }

  /// Days of each side below which nothing is said.
  static let fewestDays = 5
  /// Resamples of the bootstrap.
  static let resamples = 2000
  private static let seed: UInt64 = 20_260_601

  /// The range of the reference's maxima that both sides have.
  public var weather: ClosedRange<MilliCelsius>
  /// Days before that lie in it.
  public var daysBefore: Int
  /// Days after that lie in it.
  public var daysAfter: Int
  /// Mean difference before.
  public var before: MilliCelsius
  /// Mean difference after.
  public var after: MilliCelsius
  /// After less before: positive where the place has become cooler against its reference.
  public var change: MilliCelsius
  /// The 95 % interval of the change.
  public var interval: ClosedRange<MilliCelsius>

  /// Compares; nil where too few days are alike.
  ///
  /// The interval is a bootstrap by days: each side is drawn again with replacement, 2,000 times, always by the same
  /// numbers, so that the same history gives the same interval; its ends are the 50th and the 1,951st change in order.
  init?(before: [Day], after: [Day]) {
    guard let coldest = [before, after].compactMap({ $0.map(\.referenceMaximum).min() }).max(),
      let warmest = [before, after].compactMap({ $0.map(\.referenceMaximum).max() }).min(),
      !before.isEmpty, !after.isEmpty, coldest <= warmest
    else { return nil }
    let range = coldest...warmest
    let old = before.filter { range.contains($0.referenceMaximum) }.map(\.difference)
    let new = after.filter { range.contains($0.referenceMaximum) }.map(\.difference)
    guard min(old.count, new.count) >= Self.fewestDays else { return nil }
    func mean(_ values: [Int64]) -> Double { Double(values.reduce(0, +)) / Double(values.count) }
    var dice = Dice(seed: Self.seed)
    func drawn(_ values: [Int64]) -> Double {
      var sum: Int64 = 0
      for _ in values { sum += values[dice.below(values.count)] }
      return Double(sum) / Double(values.count)
    }
    var changes: [Double] = []
    for _ in 0..<Self.resamples { changes.append(-drawn(old) + drawn(new)) }
    changes.sort()
    weather = MilliCelsius(coldest)...MilliCelsius(warmest)
    (daysBefore, daysAfter) = (old.count, new.count)
    func rounded(_ value: Double) -> MilliCelsius { MilliCelsius(rounding: value / 1000) }
    (self.before, self.after) = (rounded(mean(old)), rounded(mean(new)))
    change = rounded(mean(new) - mean(old))
    let tail = Self.resamples / 40
    interval = rounded(changes[tail - 1])...rounded(changes[Self.resamples - tail])
  }
}

/// Numbers that look like chance and are always the same: SplitMix64 (Steele, Lea, Flood 2014).
private struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0, below a limit.
  mutating func below(_ limit: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(limit)).high) }
}
