// What is known of the readings of an interval or a range: integers that only ever add up.

/// The sum of some readings, wide enough for any range.
///
/// Combining is associative and commutative, so a bucket does not depend on the order in
/// which its readings came.
public struct Bucket: Hashable, Sendable {
  /// Number of readings.
  public private(set) var count: Int64 = 0
  /// Sum of the values, in thousandths of their unit.
  public private(set) var sum: Int128 = 0
  /// Sum of value × seconds.
  public private(set) var weightedSum: Int128 = 0
  /// Seconds that the readings stand for; may exceed the interval: ``covered(of:)`` caps them.
  public private(set) var seconds: Int64 = 0
  /// Smallest value; meaningless when `count` is 0.
  public private(set) var minimum: Int64 = .max
  /// Largest value; meaningless when `count` is 0.
  public private(set) var maximum: Int64 = .min
  /// Sound energy, Σ seconds × 10^(level / 10 dB); 0 for what is not sound.
  public private(set) var energy: Int128 = 0
  /// Whether somewhere more came than can be counted, so that no mean can be given.
  public private(set) var isOverflown = false

  /// The bucket of no readings: the neutral element.
  public init() {}

  /// A ring's bucket, widened.
  init(_ stored: StoredBucket, _ energy: StoredEnergy) {
    add(stored, energy)
  }

  /// Adds the readings of a ring's bucket.
  @inline(__always)
  mutating func add(_ stored: StoredBucket, _ energy: StoredEnergy) {
    guard stored.count > 0 else { return }
    guard stored.count < .max, energy.sum < .max else {
      isOverflown = true
      return
    }
    count &+= Int64(stored.count)
    sum &+= Int128(stored.sum)
    weightedSum &+= Int128(stored.weightedSum)
    seconds &+= Int64(stored.seconds)
    minimum = min(minimum, Int64(stored.minimum))
    maximum = max(maximum, Int64(stored.maximum))
    self.energy &+= Int128(energy.sum)
  }

  /// A bucket as it was once written down.
  init(
    count: Int64 = 0, sum: Int128 = 0, weightedSum: Int128 = 0, seconds: Int64 = 0, minimum: Int64 = .max,
    maximum: Int64 = .min, energy: Int128 = 0, isOverflown: Bool
  ) {
    (self.count, self.sum, self.weightedSum, self.seconds) = (count, sum, weightedSum, seconds)
    (self.minimum, self.maximum, self.energy, self.isOverflown) = (minimum, maximum, energy, isOverflown)
  }

  /// The bucket of one reading.
  ///
  /// - Parameters:
  ///   - sample: the reading; its value and its seconds are within the bounds of a series.
  ///   - isSound: whether it is a level, in thousandths of a decibel.
  public init(_ sample: Sample, isSound: Bool) {
    let stored = StoredSample(
      time: sample.time, value: Int32(clamping: sample.value), seconds: UInt32(clamping: sample.seconds))
    self.init(stored.bucket, isSound ? stored.energy : StoredEnergy())
  }

  /// Adds another bucket's readings.
  public mutating func combine(_ other: Bucket) {
    count += other.count
    sum += other.sum
    weightedSum += other.weightedSum
    seconds += other.seconds
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    energy += other.energy
    isOverflown = isOverflown || other.isOverflown
  }

  /// The mean of the readings in thousandths, halves away from zero; nil without readings.
  public var mean: Int64? { isOverflown ? nil : Self.quotient(sum, count) }

  /// The mean weighted by the seconds that each reading stands for; nil without any.
  public var weightedMean: Int64? { isOverflown ? nil : Self.quotient(weightedSum, seconds) }

  /// Sound energy a second; nil without any second.
  ///
  /// The level is ten times its decimal logarithm, in dB (IEC 61672-1).
  public var meanEnergy: Double? {
    isOverflown || seconds == 0 ? nil : Double(energy) / Double(seconds)
  }

  /// How many of an interval's seconds the readings cover: all of them at most.
  ///
  /// - Parameter interval: length of the interval in seconds.
  /// - Returns: 0 to `interval`; 0 if the bucket is overflown.
  public func covered(of interval: Int64) -> Int64 { isOverflown ? 0 : min(seconds, interval) }

  /// A quotient, halves away from zero; nil for a divisor of nothing.
  static func quotient(_ sum: Int128, _ divisor: Int64) -> Int64? {
    guard divisor > 0 else { return nil }
    let (quotient, remainder) = sum.quotientAndRemainder(dividingBy: Int128(divisor))
    guard remainder.magnitude * 2 >= divisor.magnitude else { return Int64(quotient) }
    return Int64(sum < 0 ? quotient - 1 : quotient + 1)
  }
}
