// Where everything of a series lies: offsets computed once from a layout.

/// Where a series lies.
///
/// The slab begins with columns over all series, then come the rings of each plan:
///
/// ```
/// hot      64 bytes a series, with the running bucket of the finest ring
/// running  32 bytes a series, once for each coarser ring
/// energy    8 bytes a series, once for each ring: of the running buckets
/// counter  16 bytes a series: a counter's last total and its time
/// tally    48 bytes a series: what was refused or came too late
/// held     64 bytes a series: from when on each of its rings holds all that it shows
/// ```
struct Location {
  /// Its number, and how many there are.
  let index: Int
  let count: Int
  /// Its plan's number, and its own among the series of that plan.
  let plan: Int
  let ordinal: Int

  private static let coarserRings = RingLayout.maximumRings - 1
  private static let runningColumn = 64
  private static let energyColumn = runningColumn + coarserRings * StoredBucket.byteCount
  private static let counterColumn = energyColumn + RingLayout.maximumRings * StoredEnergy.byteCount
  private static let tallyColumn = counterColumn + 16
  private static let heldColumn = tallyColumn + 48
  /// Rings of buckets and of classes at most.
  static let heldCount = 2 * RingLayout.maximumRings
  /// Bytes of all columns of a series.
  static let columnByteCount = heldColumn + heldCount * 8

  @inline(__always) var hot: Int { index &* 64 }

  /// Where the running bucket of a ring lies; the finest, number 0, is in ``Hot``.
  @inline(__always) func running(_ ring: Int) -> Int {
    (Self.runningColumn &+ (ring &- 1) &* StoredBucket.byteCount) &* count &+ index &* StoredBucket.byteCount
  }

  /// Where its energy lies.
  @inline(__always) func runningEnergy(_ ring: Int) -> Int {
    (Self.energyColumn &+ ring &* StoredEnergy.byteCount) &* count &+ index &* StoredEnergy.byteCount
  }

  var counter: Int { Self.counterColumn * count + index * 16 }

  var tally: Int { Self.tallyColumn * count + index * 48 }

  /// Where it stands from when on a ring holds all that it shows.
  ///
  /// A longer ring of a new configuration and a clock that was set back would show more. Unix milliseconds; rings of
  /// buckets first, then those of classes.
  func heldFrom(_ ring: Int) -> Int { Self.heldColumn * count + (index * Self.heldCount + ring) * 8 }
}

/// The rows of all series of a plan that make up one of its rings.
///
/// What stands at one place of a ring stands side by side, series by series: as time moves on, all series write to the
/// same small piece of memory, which a cache can hold.
struct Rows: BitwiseCopyable {
  /// Where they begin in the slab.
  let offset: Int
  /// Bytes of an entry, and of a row.
  let stride: Int
  let rowStride: Int

  init(offset: Int, stride: Int, members: Int) {
    self.offset = offset
    self.stride = stride
    rowStride = stride * members
  }

  @inline(__always) func place(row: Int, _ at: Location) -> Int {
    offset &+ row &* rowStride &+ at.ordinal &* stride
  }
}

/// A ring of buckets or of classes.
struct RingPlan: BitwiseCopyable {
  let rows: Rows
  /// Length of a bucket in milliseconds.
  let step: Divisor
  /// Number of buckets of a series.
  let count: Divisor

  /// The number of the interval that holds a time.
  @inline(__always) func interval(_ time: Int64) -> Int64 { step.quotient(time) }

  /// The number of an interval's row: interval i stands in row i mod count.
  @inline(__always) func row(_ interval: Int64) -> Int { Int(interval &- count.quotient(interval) &* count.value) }

  /// Those of some intervals that are held when the newest is number `newest`.
  func held(_ intervals: Range<Int64>, newest: Int64) -> Range<Int64> {
    let first = max(intervals.lowerBound, newest - count.value + 1)
    return first..<max(first, min(intervals.upperBound, newest + 1))
  }

  /// Where a series' bucket of an interval lies.
  @inline(__always) func place(_ interval: Int64, _ at: Location) -> Int {
    rows.place(row: row(interval), at)
  }

  /// The first moment of which something is held when the newest is `head`.
  func start(head: Int64) -> Int64 { max(0, interval(head) - count.value + 1) * step.value }
}

/// A number to divide by often: multiplying by its reciprocal takes a quarter of the time of a division.
struct Divisor: BitwiseCopyable {
  let value: Int64
  /// ⌊(2⁶⁴ − 1) / value⌋, never too large.
  private let reciprocal: UInt64

  /// A divisor above 0.
  init(_ value: Int64) {
    self.value = value
    reciprocal = .max / UInt64(value)
  }

  /// ⌊a / value⌋ for `a` not below 0.
  @inline(__always)
  func quotient(_ a: Int64) -> Int64 {
    // Below the quotient by less than a / 2⁶⁴ + 1, hence at most one too small.
    let quotient = Int64(bitPattern: UInt64(bitPattern: a).multipliedFullWidth(by: reciprocal).high)
    return a &- quotient &* value >= value ? quotient &+ 1 : quotient
  }

  /// `a` rounded down to a multiple, for `a` not below 0.
  @inline(__always) func floor(_ a: Int64) -> Int64 { quotient(a) &* value }
}

/// What is computed once of a kind of series: its rings' places in the slab.
struct Plan {
  /// Readings in the raw ring, and its rows.
  let raw: Int
  let rawRows: Rows
  let isSound: Bool
  /// Its finest ring, and after which time anything closes beside its bucket: a coarser one, or classes.
  let finest: RingPlan
  let coarser: Divisor
  /// Its rings among the rings of all plans: buckets first, then classes.
  let rings: Range<Int>
  let classRings: Range<Int>
  var allRings: Range<Int> { rings.lowerBound..<classRings.upperBound }
}

extension Measure {
  /// What stands for it in a snapshot.
  var code: UInt8 {
    switch self {
    case .value: 0
    case .sound: 1
    case .counter: 2
    }
  }
}

extension SeriesKind {
  var isSound: Bool { measure == .sound }

  /// The rings of buckets and those of classes, with the bytes of a bucket.
  var strides: [(ring: Ring, stride: Int)] {
    let stride = StoredBucket.byteCount + (isSound ? StoredEnergy.byteCount : 0)
    return layout.rings.map { ($0, stride) } + (isSound ? layout.classRings.map { ($0, SoundClasses.byteCount) } : [])
  }

  /// Memory of one series of this kind in bytes.
  public var byteCount: Int {
    strides.reduce(Location.columnByteCount + layout.raw * StoredSample.byteCount) {
      $0 + $1.ring.count * $1.stride
    }
  }
}
