// What a series was offered and did not take, or not everywhere: nothing disappears without a number.

/// Counts of a series since it was made; each stays at 4,294,967,295.
public struct Tally: Hashable, Sendable, BitwiseCopyable {
  /// Readings that were there already.
  public private(set) var repeated: UInt32 = 0
  /// Readings that contradict one that was there already.
  public private(set) var conflicting: UInt32 = 0
  /// Readings before everything that is kept.
  public private(set) var tooOld: UInt32 = 0
  /// Readings too far ahead of the clock.
  public private(set) var ahead: UInt32 = 0
  /// Readings that no ring can hold.
  public private(set) var outOfRange: UInt32 = 0
  /// Totals older than the counter's newest.
  public private(set) var superseded: UInt32 = 0
  /// Totals that more people would have had to pass for than could have.
  public private(set) var implausible: UInt32 = 0
  /// Readings that count, but came too late for the raw ring.
  public private(set) var missedRaw: UInt32 = 0
  private var missed0: UInt32 = 0
  private var missed1: UInt32 = 0
  private var missed2: UInt32 = 0
  private var missed3: UInt32 = 0

  /// Readings that count, but came too late for a ring of buckets; one number a ring, finest first.
  public var missedBuckets: [UInt32] { [missed0, missed1, missed2, missed3] }

  /// How many numbers it has.
  static let count = 12

  /// All zero.
  init() {}

  /// The numbers of a snapshot.
  init(_ numbers: [UInt32]) {
    (repeated, conflicting, tooOld, ahead) = (numbers[0], numbers[1], numbers[2], numbers[3])
    (outOfRange, superseded, missedRaw) = (numbers[4], numbers[5], numbers[6])
    (missed0, missed1, missed2, missed3) = (numbers[7], numbers[8], numbers[9], numbers[10])
    implausible = numbers[11]
  }

  var numbers: [UInt32] {
    [
      repeated, conflicting, tooOld, ahead, outOfRange, superseded, missedRaw, missed0, missed1, missed2, missed3,
      implausible,
    ]
  }

  mutating func note(_ outcome: Appended) {
    switch outcome {
    case .repeated: Self.count(&repeated)
    case .conflicting: Self.count(&conflicting)
    case .tooOld: Self.count(&tooOld)
    case .ahead: Self.count(&ahead)
    case .outOfRange: Self.count(&outOfRange)
    case .superseded: Self.count(&superseded)
    case .accepted(let rings): note(rings)
    }
  }

  mutating func noteImplausible() { Self.count(&implausible) }

  mutating func note(_ rings: MissedRings) {
    if rings.contains(.raw) { Self.count(&missedRaw) }
    if rings.contains(.buckets(0)) { Self.count(&missed0) }
    if rings.contains(.buckets(1)) { Self.count(&missed1) }
    if rings.contains(.buckets(2)) { Self.count(&missed2) }
    if rings.contains(.buckets(3)) { Self.count(&missed3) }
  }

  private static func count(_ number: inout UInt32) { if number < .max { number += 1 } }
}
