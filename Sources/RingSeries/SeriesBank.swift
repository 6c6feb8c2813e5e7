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
/// bucket of its start in each ring that does. The running bucket of each ring lies in the series' header and holds only
/// what no finer running bucket holds; when a finer one closes it goes to its ring and is added to the coarser one.
public struct SeriesBank: ~Copyable, Sendable {
  /// How far ahead of the clock a reading may lie, in milliseconds.
  public static let aheadTolerance: Int64 = 120_000
  /// Most different kinds in a bank.
  public static let maximumKinds = 256
  /// Most memory of a bank in bytes: 64 GiB.
  public static let maximumByteCount = 1 << 36
  /// The clock stays within this many milliseconds around 1970: 285,000 years.
  static let farthest: Int64 = 1 << 53

  /// The declaration's different kinds.
  let kinds: [SeriesKind]
  let plans: [Plan]
  let quickPlans: [QuickPlan]
  /// The rings of all plans, and from which moment on each holds readings.
  let rings: [RingPlan]
  var starts: [Int64]
  /// Where each series lies.
  let locations: [Location]
  var slab: Slab
  /// The clock, Unix milliseconds.
  public internal(set) var clock: Int64

  /// A bank of empty series.
  ///
  /// - Parameters:
  ///   - series: the kind of each, in the order of their indices.
  ///   - clock: Unix milliseconds at which the bank starts.
  /// - Throws: ``LayoutError`` when a layout is impossible.
  public init(_ series: [SeriesKind], clock: Int64) throws(LayoutError) {
    var kinds: [SeriesKind] = []
    var numbers: [SeriesKind: Int] = [:]
    var plans: [Plan] = []
    var locations: [Location] = []
    let cold = series.count * Header.hotByteCount
    var end = cold + series.count * Header.coldByteCount
    for (index, kind) in series.enumerated() {
      let number = numbers[kind] ?? kinds.count
      if number == kinds.count {
        try kind.layout.check(isSound: kind.measure == .sound)
        guard number < Self.maximumKinds else { throw .kinds(number + 1) }
        numbers[kind] = number
        kinds.append(kind)
        plans.append(Plan(kind))
      }
      locations.append(
        Location(
          plan: number, hot: index * Header.hotByteCount, cold: cold + index * Header.coldByteCount, block: end))
      end += plans[number].blockByteCount
      guard end <= Self.maximumByteCount else { throw .bytes(end) }
    }
    var slab = try Slab(byteCount: end)
    for index in series.indices { slab[index * Header.hotByteCount] = Hot() }
    var rings: [RingPlan] = []
    quickPlans = plans.map { plan in
      let buckets = rings.count..<rings.count + plan.rings.count
      rings += plan.rings + plan.classRings
      return QuickPlan(
        raw: plan.raw, isSound: plan.isSound, finest: plan.rings[0],
        coarser: plan.rings.count > 1 ? plan.rings[1].step : plan.rings[0].step, rings: buckets,
        classRings: buckets.upperBound..<rings.count)
    }
    self.kinds = kinds
    self.plans = plans
    self.rings = rings
    self.locations = locations
    self.slab = slab
    starts = rings.map { _ in 0 }
    self.clock = 0
    setClock(clock)
  }

  /// Number of series.
  public var count: Int { locations.count }

  /// Memory of all series in bytes.
  public var byteCount: Int { slab.byteCount }

  /// What a series was declared as.
  public func kind(of index: SeriesIndex) -> SeriesKind { kinds[location(index).plan] }

  @inline(__always)
  func location(_ index: SeriesIndex) -> Location { locations[index.rawValue] }

  /// Moves the clock, and with it the rings; it never goes back.
  public mutating func advance(to time: Int64) {
    if time > clock { setClock(time) }
  }

  /// The newest moment of which a reading is taken.
  var head: Int64 { clock &+ Self.aheadTolerance }

  mutating func setClock(_ time: Int64) {
    clock = min(max(time, -Self.farthest), Self.farthest)
    for index in rings.indices {
      let ring = rings[index]
      let reach = head - starts[index]
      // A division only when a bucket's border has been passed.
      guard reach < (ring.count.value - 1) * ring.step.value || reach >= ring.count.value * ring.step.value else { continue }
      starts[index] = ring.oldest(head: head) * ring.step.value
    }
  }
}
