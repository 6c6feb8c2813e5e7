// The one cache line of a series that an ordinary reading touches.

/// State of a series that changes with each reading: 64 bytes.
struct Hot: BitwiseCopyable {
  /// Time of the newest reading in the raw ring; `.min` where it is empty.
  var newest: Int64 = .min
  /// Start of the finest running bucket, Unix milliseconds.
  var start: Int64 = never
  /// The raw ring: place of the oldest reading, and how many there are.
  var first: UInt16 = 0
  var count: UInt16 = 0
  /// The running bucket's row in the finest ring.
  var row: UInt16 = 0
  /// The series' plan, and its number among the series of that plan.
  let plan: UInt16
  let ordinal: UInt32
  private let unused: UInt32 = 0
  /// The finest running bucket.
  var bucket = StoredBucket()

  init(plan: Int, ordinal: Int) {
    self.plan = UInt16(plan)
    self.ordinal = UInt32(ordinal)
  }

  /// Long before any reading, and far enough from the ends of Int64 to subtract from.
  static let never: Int64 = .min / 4
  /// Where the bucket lies in it.
  static let bucketOffset = 32

  /// Takes over another series' state.
  mutating func take(_ other: Hot) {
    (newest, start, first, count, row, bucket) =
      (other.newest, other.start, other.first, other.count, other.row, other.bucket)
  }

  /// Forgets everything.
  mutating func reset() { take(Hot(plan: 0, ordinal: 0)) }

  /// Takes a reading newer than all that belongs to the running bucket.
  ///
  /// - Returns: its row in the raw ring of `raw` rows.
  @inline(__always)
  mutating func extend(with sample: StoredSample, raw: Int) -> Int {
    bucket.add(sample.bucket)
    return push(time: sample.time, raw: raw)
  }

  /// Takes a reading newer than all that belongs to the next bucket.
  ///
  /// - Returns: its row in the raw ring, and the closed bucket with its row in the finest ring of `count` rows.
  @inline(__always)
  mutating func turn(
    with sample: StoredSample, raw: Int, to start: Int64, count: Int64
  ) -> (row: Int, closed: StoredBucket, closedRow: Int) {
    let closed = (push(time: sample.time, raw: raw), bucket, Int(row))
    self.start = start
    row = Int64(row) &+ 1 == count ? 0 : row &+ 1
    bucket = sample.bucket
    return closed
  }

  /// Makes room in the raw ring for a reading newer than all; of a full ring the oldest goes.
  @inline(__always)
  mutating func push(time: Int64, raw: Int) -> Int {
    newest = time
    let oldest = Int(first)
    let length = Int(count)
    if length == raw {
      first = oldest &+ 1 == raw ? 0 : first &+ 1
      return oldest
    }
    count &+= 1
    return oldest &+ length < raw ? oldest &+ length : oldest &+ length &- raw
  }
}
