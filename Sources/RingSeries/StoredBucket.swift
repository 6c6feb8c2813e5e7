// A bucket as it lies in the rings: 32 bytes, and where it is of sound eight more of energy.

/// The readings of one interval, without their sound energy.
///
/// All bytes zero is the bucket of no readings.
///
/// Combining is associative and commutative. A bucket whose counts would no longer fit becomes ``overflown`` and stays
/// so whatever is added: that depends on the sum of non-negative counts alone, never on the order, and a wrong mean can
/// never be read from it. It takes four thousand million readings or seconds in one interval.
struct StoredBucket: BitwiseCopyable {
  var sum: Int64 = 0
  /// Σ value × seconds: below 2⁶³, since a value is below 2³¹ and the seconds are below 2³².
  var weightedSum: Int64 = 0
  var count: UInt32 = 0
  var seconds: UInt32 = 0
  var minimum: Int32 = 0
  var maximum: Int32 = 0

  static let byteCount = 32

  /// The absorbing element: more than can be counted.
  static let overflown = StoredBucket(count: .max)

  @inline(__always)
  mutating func add(_ other: StoredBucket) {
    if other.count == 0 { return }
    if count == 0 {
      self = other
      return
    }
    let newCount = count.addingReportingOverflow(other.count)
    let newSeconds = seconds.addingReportingOverflow(other.seconds)
    if newCount.overflow || newSeconds.overflow || newCount.partialValue == .max {
      self = .overflown
      return
    }
    count = newCount.partialValue
    seconds = newSeconds.partialValue
    sum &+= other.sum
    weightedSum &+= other.weightedSum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }
}

/// The sound energy of one interval, Σ seconds × 10^(level / 10 dB); the largest number means more than can be counted.
struct StoredEnergy: BitwiseCopyable {
  var sum: UInt64 = 0

  static let byteCount = 8

  @inline(__always)
  mutating func add(_ other: StoredEnergy) {
    let new = sum.addingReportingOverflow(other.sum)
    sum = new.overflow ? .max : new.partialValue
  }
}

/// A reading as it lies in the raw ring: 16 bytes.
struct StoredSample: BitwiseCopyable {
  var time: Int64
  var value: Int32
  var seconds: UInt32

  static let byteCount = 16

  /// The bucket of this reading alone.
  @inline(__always) var bucket: StoredBucket {
    StoredBucket(
      sum: Int64(value), weightedSum: Int64(value) &* Int64(seconds), count: 1, seconds: seconds, minimum: value,
      maximum: value)
  }

  /// Its energy, the value being thousandths of a decibel.
  var energy: StoredEnergy {
    StoredEnergy(sum: SoundEnergy.energy(milliDecibels: Int64(value), seconds: Int64(seconds)))
  }
}
