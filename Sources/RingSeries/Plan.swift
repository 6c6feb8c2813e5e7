// Where everything of a series lies: offsets computed once from a layout.

/// The headers of a series: what an ordinary reading touches is one cache line, what a closing bucket touches the next.
///
/// ```
/// hot    0  newest reading, running interval, position in the raw ring, the finest running bucket and its energy
///       64  the next two running buckets
/// cold   0  the coarsest running bucket
///       32  the energies of the coarser running buckets
///       56  a counter's last total and its time
///       72  what was refused or came too late
/// ```
enum Header {
  static let hotByteCount = 128
  static let coldByteCount = 128
  static let energies = StoredBucket.byteCount
  static let counter = energies + (RingLayout.maximumRings - 1) * StoredEnergy.byteCount
  static let tally = counter + MemoryLayout<Counter>.size
}

/// The first line of the hot header: 64 bytes.
struct Hot: BitwiseCopyable {
  /// Time of the newest reading in the raw ring; `.min` where it is empty.
  var newest: Int64 = .min
  /// Start of the finest running bucket, Unix milliseconds.
  var start: Int64 = never
  /// The raw ring: place of the oldest reading, and how many there are.
  var first: UInt16 = 0
  var count: UInt16 = 0
  /// The running bucket's place in the finest ring.
  var place: UInt32 = 0
  /// The finest running bucket.
  var bucket = StoredBucket()
  /// Its energy.
  var energy = StoredEnergy()

  /// Long before any reading, and far enough from the ends of Int64 to subtract from.
  static let never: Int64 = .min / 4

  /// Makes room in the raw ring for a reading newer than all; of a full ring the oldest goes.
  @inline(__always)
  mutating func push(time: Int64, raw: Int) -> Int {
    newest = time
    var place = Int(first)
    if Int(count) == raw {
      first = place &+ 1 == raw ? 0 : first &+ 1
    } else {
      place &+= Int(count)
      if place >= raw { place &-= raw }
      count &+= 1
    }
    return place
  }

  /// Takes the running bucket out and begins the next one; `count` is the finest ring's.
  @inline(__always)
  mutating func turn(to start: Int64, count: Int64) -> (bucket: StoredBucket, energy: StoredEnergy, place: Int) {
    let closed = (bucket, energy, Int(place))
    self.start = start
    place = Int64(place) &+ 1 == count ? 0 : place &+ 1
    bucket = StoredBucket()
    energy = StoredEnergy()
    return closed
  }
}

/// Where a series lies.
struct Location {
  /// Its plan's number.
  let plan: Int
  /// Offsets of its headers.
  let hot: Int
  let cold: Int
  /// Offset of its block: the raw ring and the rings of buckets and classes.
  let block: Int

  /// Where the running bucket of a ring lies; the finest, number 0, is in ``Hot``.
  @inline(__always) func running(_ ring: Int) -> Int {
    ring == 3 ? cold : hot &+ 64 &+ (ring &- 1) &* StoredBucket.byteCount
  }

  /// Where its energy lies.
  @inline(__always) func runningEnergy(_ ring: Int) -> Int {
    cold &+ Header.energies &+ (ring &- 1) &* StoredEnergy.byteCount
  }
}

/// A ring of buckets or of classes in a series' block.
struct RingPlan: BitwiseCopyable {
  /// Length of a bucket in milliseconds.
  let step: Divisor
  /// Number of buckets.
  let count: Divisor
  /// Where it begins in the block.
  let offset: Int
  /// Bytes of a bucket.
  let stride: Int

  /// Where it ends in the block.
  @inline(__always) var end: Int { offset + Int(count.value) * stride }

  /// The number of the interval that holds a time.
  @inline(__always) func interval(_ time: Int64) -> Int64 { step.floor(time) }

  /// The number of an interval's place: interval i stands in place i mod count.
  @inline(__always) func number(_ interval: Int64) -> Int { Int(interval &- count.floor(interval) &* count.value) }

  /// Where an interval lies in the block.
  @inline(__always) func place(_ interval: Int64) -> Int { offset &+ number(interval) &* stride }

  /// The first interval that is still held when the newest is that of `head`.
  func oldest(head: Int64) -> Int64 { interval(head) - count.value + 1 }
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

  /// ⌊a / value⌋ for any a.
  @inline(__always)
  func floor(_ a: Int64) -> Int64 {
    // Of a negative number ⌊a / value⌋ = −1 − ⌊(−1 − a) / value⌋; −1 − a is a with all bits turned.
    let turn = a >> 63
    let positive = a ^ turn
    // Below the quotient by less than a / 2⁶⁴ + 1, hence at most one too small.
    let high = UInt64(bitPattern: positive).multipliedFullWidth(by: reciprocal).high
    var quotient = Int64(bitPattern: high)
    if positive &- quotient &* value >= value { quotient &+= 1 }
    return quotient ^ turn
  }
}

/// A kind of series with its offsets.
struct Plan {
  let isSound: Bool
  let raw: Int
  let rings: [RingPlan]
  let classRings: [RingPlan]
  /// Bytes of the raw ring and the rings behind it, a multiple of 64.
  let blockByteCount: Int

  init(_ kind: SeriesKind) {
    let isSound = kind.measure == .sound
    self.isSound = isSound
    raw = kind.layout.raw
    var end = raw * StoredSample.byteCount
    func plan(_ ring: Ring, stride: Int) -> RingPlan {
      defer { end += ring.count * stride }
      return RingPlan(
        step: Divisor(Int64(ring.seconds) * 1000), count: Divisor(Int64(ring.count)), offset: end, stride: stride)
    }
    rings = kind.layout.rings.map {
      plan($0, stride: StoredBucket.byteCount + (isSound ? StoredEnergy.byteCount : 0))
    }
    classRings = isSound ? kind.layout.classRings.map { plan($0, stride: SoundClasses.byteCount) } : []
    blockByteCount = (end + 63) / 64 * 64
  }
}

/// What appending needs of a plan, without a reference to count.
struct QuickPlan {
  let raw: Int
  let isSound: Bool
  /// Its finest ring, and the length of the next coarser one's buckets; the finest's where there is none.
  let finest: RingPlan
  let coarser: Divisor
  /// Its rings among the rings of all plans: buckets first, then classes.
  let rings: Range<Int>
  let classRings: Range<Int>
}
