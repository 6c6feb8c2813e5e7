// The bank: all series of a gateway in one block of memory, made once from a declaration; it never grows.

/// Which series of a bank.
public struct SeriesIndex: Hashable, Comparable, Sendable {
  /// Its place in the bank's declaration.
  public let rawValue: Int

  /// The series declared as number `rawValue`.
  public init(_ rawValue: Int) { self.rawValue = rawValue }

  /// Whether `a` comes before `b`.
  public static func < (a: SeriesIndex, b: SeriesIndex) -> Bool { a.rawValue < b.rawValue }
}

/// A reading as a series keeps it.
public struct Sample: Hashable, Sendable {
  /// Unix milliseconds.
  public let time: Int64
  /// Thousandths of the unit, within 32 bits: two million units.
  public let value: Int64
  /// How long the reading stands for in seconds, 0 to 86,400: its weight.
  public let seconds: Int64

  /// A reading.
  public init(time: Int64, value: Int64, seconds: Int64) {
    self.time = time
    self.value = value
    self.seconds = seconds
  }
}

/// Series of fixed capacity over one clock that only `advance` moves.
///
/// A reading may come in any order of time: it counts in the raw ring if that still reaches back to it, and in the
/// bucket of its start in each ring that does. The running bucket of each ring lies apart from it and holds only what no
/// finer running bucket holds; when a finer one closes it goes to its ring and is added to the coarser one.
public struct SeriesBank: ~Copyable, Sendable {
  /// How far ahead of the clock a reading may lie, in milliseconds.
  public static let aheadTolerance: Int64 = 120_000
  /// Most different kinds in a bank.
  public static let maximumKinds = 65_536
  /// Most memory of a bank in bytes: 64 GiB.
  public static let maximumByteCount = 1 << 36
  /// The clock stays between 1970 and this many milliseconds later: 285,000 years.
  static let farthest: Int64 = 1 << 53

  /// The declaration's different kinds, and their plans.
  let kinds: [SeriesKind]
  let plans: [Plan]
  /// The rings of all plans, and from which moment on each holds readings.
  let rings: [RingPlan]
  var starts: [Int64]
  var slab: Slab
  /// Number of series.
  public let count: Int
  /// The clock, Unix milliseconds.
  public private(set) var clock: Int64 = 0

  /// A bank of empty series.
  ///
  /// - Parameters:
  ///   - series: the kind of each, in the order of their indices.
  ///   - clock: Unix milliseconds at which the bank starts.
  /// - Throws: ``LayoutError`` when a layout is impossible or too large.
  public init(_ series: [SeriesKind], clock: Int64) throws(LayoutError) {
    var kinds: [SeriesKind] = []
    var numbers: [SeriesKind: Int] = [:]
    var members: [Int] = []
    let places = try series.map { kind throws(LayoutError) in
      let number = numbers[kind] ?? kinds.count
      if number == kinds.count {
        try kind.layout.check(isSound: kind.isSound)
        guard number < Self.maximumKinds else { throw .kinds(number + 1) }
        numbers[kind] = number
        kinds.append(kind)
        members.append(0)
      }
      defer { members[number] += 1 }
      return (plan: number, ordinal: members[number])
    }
    var end = series.count * Location.columnByteCount
    func rows(_ count: Int, stride: Int, members: Int) throws(LayoutError) -> Rows {
      let rows = Rows(offset: (end + 63) / 64 * 64, stride: stride, members: members)
      end = rows.offset + count * rows.rowStride
      guard end <= Self.maximumByteCount else { throw .bytes(end) }
      return rows
    }
    var rings: [RingPlan] = []
    var plans: [Plan] = []
    for (kind, members) in zip(kinds, members) {
      let rawRows = try rows(kind.layout.raw, stride: StoredSample.byteCount, members: members)
      let first = rings.count
      for (ring, stride) in kind.strides {
        rings.append(
          RingPlan(
            rows: try rows(ring.count, stride: stride, members: members), step: Divisor(Int64(ring.seconds) * 1000),
            count: Divisor(Int64(ring.count))))
      }
      let buckets = first..<first + kind.layout.rings.count
      plans.append(
        Plan(
          raw: kind.layout.raw, rawRows: rawRows, isSound: kind.isSound, finest: rings[first],
          coarser: rings[first + 1..<rings.count].map(\.step).min { $0.value < $1.value } ?? rings[first].step,
          rings: buckets,
          classRings: buckets.upperBound..<rings.count))
    }
    let slab = Slab(byteCount: end)
    count = series.count
    self.kinds = kinds
    self.plans = plans
    self.rings = rings
    self.slab = slab
    starts = rings.map { $0.start(head: Self.aheadTolerance) }
    for (index, place) in places.enumerated() {
      let at = Location(index: index, count: count, plan: place.plan, ordinal: place.ordinal)
      self.slab[at.hot] = Hot(plan: place.plan, ordinal: place.ordinal)
      self.slab[at.counter] = Counter()
    }
    setClock(clock)
  }

  /// Memory of all series in bytes.
  public var byteCount: Int { slab.byteCount }

  /// What a series was declared as.
  public func kind(of index: SeriesIndex) -> SeriesKind { kinds[location(index).plan] }

  @inline(__always)
  func location(_ index: SeriesIndex) -> Location {
    precondition(index.rawValue >= 0 && index.rawValue < count, "no such series")
    let hot = slab[index.rawValue &* MemoryLayout<Hot>.size, as: Hot.self]
    return Location(index: index.rawValue, count: count, plan: Int(hot.plan), ordinal: Int(hot.ordinal))
  }

  /// Moves the clock, and with it the rings; it never goes back.
  public mutating func advance(to time: Int64) {
    if time > clock { setClock(time) }
  }

  /// The newest moment of which a reading is taken.
  var head: Int64 { clock &+ Self.aheadTolerance }

  mutating func setClock(_ time: Int64) {
    clock = min(max(time, 0), Self.farthest)
    for index in rings.indices {
      let ring = rings[index]
      let reach = head - starts[index]
      // A division only when a bucket's border has been passed.
      let span = ring.count.value * ring.step.value
      guard reach < span - ring.step.value || reach >= span else { continue }
      starts[index] = ring.start(head: head)
    }
  }
}
