// The bank: all series of a gateway, made once from a layout; it never grows.

/// How much of a series is kept.
public struct RingLayout: Hashable, Sendable {
  /// Readings in the raw ring; 16 bytes each.
  public var rawCapacity: Int
  /// Minutes in the ring of buckets; 64 bytes each.
  public var minutes: Int

  /// A layout; each ring holds 1 to 100,000 places.
  public init(rawCapacity: Int = 256, minutes: Int = 120) {
    precondition((1...100_000).contains(rawCapacity) && (1...100_000).contains(minutes))
    self.rawCapacity = rawCapacity
    self.minutes = minutes
  }
}

/// Which series of a bank.
public struct SeriesIndex: Hashable, Comparable, Sendable {
  /// Its place in the bank's declaration.
  public let rawValue: Int

  /// The series declared as number `rawValue`.
  public init(_ rawValue: Int) { self.rawValue = rawValue }

  /// Whether `a` comes before `b`.
  public static func < (a: SeriesIndex, b: SeriesIndex) -> Bool { a.rawValue < b.rawValue }
}

/// What a series measures, as far as the rings care.
public enum SeriesKind: UInt8, Hashable, Sendable {
  /// Averages as itself.
  case value
  /// Averages as energy; the unit is thousandths of a decibel.
  case sound
}

/// Series of fixed capacity over one clock that only `advance` moves.
public struct SeriesBank: Sendable {
  /// How far ahead of the clock a reading may lie, in milliseconds.
  public static let aheadTolerance: Int64 = 120_000

  private var series: ContiguousArray<Series>
  private var clock: Int64

  /// A bank of empty series.
  ///
  /// - Parameters:
  ///   - kinds: one a series, in the order of their indices.
  ///   - layout: the rings of each.
  ///   - clock: Unix milliseconds at which the bank starts.
  public init(kinds: [SeriesKind], layout: RingLayout = RingLayout(), clock: Int64) {
    series = ContiguousArray(kinds.map { Series(isSound: $0 == .sound, layout: layout) })
    self.clock = clock
  }

  /// Number of series.
  public var count: Int { series.count }

  /// Moves the clock; it never goes back.
  public mutating func advance(to time: Int64) { clock = max(clock, time) }

  /// Sets the clock back and forgets the readings that lie after it.
  public mutating func rewind(to time: Int64) {
    clock = time
    for index in series.indices { series[index].rewind(to: time) }
  }

  /// Takes a reading, in any order of time.
  ///
  /// - Parameters:
  ///   - sample: the reading.
  ///   - index: its series.
  ///   - seconds: how long the reading stands for; it counts wholly in the minute of its time.
  /// - Returns: what became of it.
  /// - Complexity: O(log n) in order, O(n) for the latest of n raw readings; no allocation.
  public mutating func append(_ sample: Sample, to index: SeriesIndex, seconds: Int64) -> Appended {
    guard sample.time <= clock + Self.aheadTolerance else { return .ahead }
    let headMinute = floorDivide(clock + Self.aheadTolerance, by: 60_000)
    return series[index.rawValue].append(sample, seconds: seconds, headMinute: headMinute)
  }

  /// The newest reading at or before a time (Unix milliseconds).
  public func latest(of index: SeriesIndex, atOrBefore time: Int64) -> Sample? {
    series[index.rawValue].latest(atOrBefore: time)
  }

  /// The sum of the whole minutes in `[from, to)`, Unix milliseconds, both rounded down to minutes.
  public func bucket(of index: SeriesIndex, from: Int64, to: Int64) -> Bucket {
    series[index.rawValue].bucket(
      fromMinute: floorDivide(from, by: 60_000), toMinute: floorDivide(to, by: 60_000))
  }

  /// Takes over the readings of another bank's series, where a new configuration keeps a series.
  public mutating func adopt(_ index: SeriesIndex, from other: SeriesBank, at otherIndex: SeriesIndex) {
    guard series[index.rawValue].isSound == other.series[otherIndex.rawValue].isSound else { return }
    series[index.rawValue] = other.series[otherIndex.rawValue]
  }
}
