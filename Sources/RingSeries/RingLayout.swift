// What a series keeps: how many readings, which rings of buckets. Checked once, when the bank is made.

/// A ring of buckets of one length.
///
/// Buckets are aligned to whole multiples of their length since 1970-01-01T00:00:00Z.
public struct Ring: Hashable, Sendable {
  /// Length of a bucket in seconds.
  public var seconds: Int
  /// Number of buckets.
  public var count: Int

  /// A ring; ``RingLayout/check(isSound:)`` says what is possible.
  public init(seconds: Int, count: Int) {
    self.seconds = seconds
    self.count = count
  }
}

/// How much of a series is kept.
public struct RingLayout: Hashable, Sendable {
  /// Readings in the raw ring; 16 bytes each.
  public var raw: Int
  /// Rings of buckets, finest first; 32 bytes a bucket, 40 for sound.
  public var rings: [Ring]
  /// Rings of sound classes, finest first; 128 bytes a bucket, only for sound.
  public var classRings: [Ring]

  /// A layout; without arguments two hours of minutes, three days of quarters, two weeks of hours, and the levels of a
  /// day by quarters and of three days by hours.
  public init(
    raw: Int = 256,
    rings: [Ring] = [Ring(seconds: 60, count: 120), Ring(seconds: 900, count: 288), Ring(seconds: 3600, count: 336)],
    classRings: [Ring] = [Ring(seconds: 900, count: 96), Ring(seconds: 3600, count: 72)]
  ) {
    self.raw = raw
    self.rings = rings
    self.classRings = classRings
  }

  /// Most readings in a raw ring, and most buckets in a ring: their places are counted in 16 bits.
  public static let maximumCount = 65_535
  /// Most rings of buckets: their running buckets lie in columns of a fixed number.
  public static let maximumRings = 4
  /// Longest bucket in seconds; civil days and anything longer belong to a calendar.
  public static let maximumSeconds = 86_400

  /// Says whether the layout is possible.
  ///
  /// - Parameter isSound: whether the class rings count.
  /// - Throws: ``LayoutError``, which names the limit.
  public func check(isSound: Bool) throws(LayoutError) {
    guard (1...Self.maximumCount).contains(raw) else { throw .raw(raw) }
    guard (1...Self.maximumRings).contains(rings.count) else { throw .ringCount(rings.count) }
    for ring in rings {
      guard (1...Self.maximumSeconds).contains(ring.seconds) else { throw .seconds(ring) }
      guard (1...Self.maximumCount).contains(ring.count) else { throw .count(ring) }
      guard (ring.count - 1) * ring.seconds * 1000 >= Int(SeriesBank.aheadTolerance) else { throw .short(ring) }
    }
    for (finer, coarser) in zip(rings, rings.dropFirst()) {
      guard coarser.seconds > finer.seconds, coarser.seconds % finer.seconds == 0 else {
        throw .notMultiple(finer: finer, coarser: coarser)
      }
      // Whole buckets: the newest one may have just begun.
      guard coarser.seconds * (coarser.count - 1) >= finer.seconds * (finer.count - 1) else {
        throw .notLonger(finer: finer, coarser: coarser)
      }
    }
    guard isSound else { return }
    for (finer, coarser) in zip(classRings, classRings.dropFirst()) where finer.seconds >= coarser.seconds {
      throw .notMultiple(finer: finer, coarser: coarser)
    }
    for ring in classRings {
      guard rings.contains(where: { $0.seconds == ring.seconds && $0.count >= ring.count && ring.count > 0 }) else {
        throw .classes(ring)
      }
    }
  }
}

/// Why a bank cannot be made as it was declared.
public enum LayoutError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The raw ring is too small or too large.
  case raw(Int)
  /// There are no rings, or too many.
  case ringCount(Int)
  /// A bucket is too short or too long.
  case seconds(Ring)
  /// A ring has too few or too many buckets.
  case count(Ring)
  /// A ring would end before the readings that may run ahead of the clock.
  case short(Ring)
  /// A coarser bucket is not made of whole finer ones.
  case notMultiple(finer: Ring, coarser: Ring)
  /// A coarser ring reaches less far back.
  case notLonger(finer: Ring, coarser: Ring)
  /// Classes are wanted where no buckets are.
  case classes(Ring)
  /// There are more different kinds of series than a bank can tell apart.
  case kinds(Int)
  /// The bank would be larger than any that is meant.
  case bytes(Int)

  /// A sentence for the person who declared it.
  public var description: String {
    switch self {
    case .raw(let count): "the raw ring has \(count) readings; it must have 1 to \(RingLayout.maximumCount)"
    case .ringCount(let count): "there are \(count) rings of buckets; there must be 1 to \(RingLayout.maximumRings)"
    case .seconds(let ring):
      "a bucket is \(ring.seconds) seconds long; it must be 1 to \(RingLayout.maximumSeconds) seconds"
    case .count(let ring):
      "the ring of \(ring.seconds) seconds has \(ring.count) buckets; it must have 1 to \(RingLayout.maximumCount)"
    case .short(let ring):
      "the ring of \(ring.count) × \(ring.seconds) seconds is too short: beside its newest bucket it must hold the "
        + "\(SeriesBank.aheadTolerance / 1000) seconds that readings may be ahead of the clock"
    case .notMultiple(let finer, let coarser):
      "buckets of \(coarser.seconds) seconds behind buckets of \(finer.seconds) seconds: rings go from fine to coarse, and "
        + "a coarser bucket is a whole number of finer ones"
    case .notLonger(let finer, let coarser):
      "the ring of \(coarser.count) × \(coarser.seconds) seconds, less its newest bucket, reaches less far back than that "
        + "of \(finer.count) × \(finer.seconds) seconds"
    case .classes(let ring):
      "sound classes of \(ring.count) × \(ring.seconds) seconds need a ring of buckets as fine and at least as long"
    case .kinds(let count): "there are \(count) different kinds of series; there may be \(SeriesBank.maximumKinds)"
    case .bytes(let count): "the bank would need \(count) bytes or more; it may have \(SeriesBank.maximumByteCount)"
    }
  }
}

/// What a series measures, as far as the rings care.
public enum Measure: Hashable, Sendable {
  /// Averages as itself; thousandths of any unit.
  case value
  /// Averages as energy; thousandths of a decibel.
  case sound
  /// A running total that is kept as its differences; thousandths of a count.
  case counter(Counter.Model)
}

/// A kind of series: what it measures and how much of it is kept.
public struct SeriesKind: Hashable, Sendable {
  /// What it measures.
  public var measure: Measure
  /// How much is kept.
  public var layout: RingLayout

  /// A kind.
  public init(_ measure: Measure, layout: RingLayout = RingLayout()) {
    self.measure = measure
    self.layout = layout
  }
}
