// What is kept of the readings of one interval: integers that only ever add up.

/// The sum of some readings.
///
/// Combining is associative and commutative, so a bucket does not depend on the order in
/// which its readings came.
public struct Bucket: Hashable, Sendable {
  /// Number of readings.
  public var count: Int64 = 0
  /// Sum of the values, in thousandths of their unit.
  public var sum: Int64 = 0
  /// Sum of value × seconds; 128 bits wide, since a total of people times a day leaves little room in 64.
  public var weightedSum: Int128 = 0
  /// Seconds that the readings stand for; may exceed the interval, and is capped where it is read.
  public var seconds: Int64 = 0
  /// Smallest value; meaningless when `count` is 0.
  public var minimum: Int64 = .max
  /// Largest value; meaningless when `count` is 0.
  public var maximum: Int64 = .min
  /// Sound energy, Σ seconds × 10^(level / 10 dB); 0 for what is not sound.
  ///
  /// 128 bits wide, since one reading may need 60 of them.
  public var energy: Int128 = 0

  /// The bucket of no readings: the neutral element.
  public init() {}

  /// The bucket of one reading.
  ///
  /// - Parameters:
  ///   - value: thousandths of the unit.
  ///   - seconds: what the reading stands for.
  ///   - isSound: whether its energy counts, the value being thousandths of a decibel.
  public init(value: Int64, seconds: Int64, isSound: Bool) {
    count = 1
    sum = value
    weightedSum = Int128(value) * Int128(seconds)
    self.seconds = seconds
    minimum = value
    maximum = value
    if isSound { energy = Int128(SoundEnergy.energy(milliDecibels: value, seconds: seconds)) }
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
  }

  /// The mean of the readings in thousandths, halves away from zero; nil without readings.
  public var mean: Int64? {
    guard count > 0 else { return nil }
    let (quotient, remainder) = sum.quotientAndRemainder(dividingBy: count)
    guard remainder.magnitude * 2 >= count.magnitude else { return quotient }
    return sum < 0 ? quotient - 1 : quotient + 1
  }
}
