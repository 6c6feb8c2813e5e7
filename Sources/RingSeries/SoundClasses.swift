// How long which level lasted, in classes of a decibel: what L10, L50 and L90 are read from.

/// Seconds a class of one decibel, over some range.
///
/// Class *i* is centred on 30 + *i* dB: the first takes everything below 30.5 dB, the last everything from 92.5 dB.
public struct SoundClasses: Hashable, Sendable {
  /// Number of classes.
  public static let count = 64
  /// Bytes of a ring's bucket of classes: 16 bits a class.
  static let byteCount = count * 2
  /// Centre of the first class in whole decibels.
  public static let first: Int64 = 30

  /// Seconds of each class, quietest first.
  public private(set) var seconds = [Int64](repeating: 0, count: count)

  /// No time at all.
  public init() {}

  /// Seconds of all classes.
  public var total: Int64 { seconds.reduce(0, +) }

  /// The class of a level in thousandths of a decibel.
  static func index(milliDecibels: Int64) -> Int {
    let level = (max(milliDecibels, 0) + 500) / 1000
    return Int(min(max(level - first, 0), Int64(count - 1)))
  }

  /// Seconds of a class in a ring's bucket: they stay at 65,535, eighteen hours.
  static func sum(_ seconds: UInt16, _ more: UInt32) -> UInt16 { UInt16(min(UInt32(seconds) + more, 65_535)) }

  /// Adds the time of other classes.
  public mutating func combine(_ other: SoundClasses) {
    for index in seconds.indices { seconds[index] += other.seconds[index] }
  }

  mutating func add(_ seconds: UInt16, class index: Int) { self.seconds[index] += Int64(seconds) }

  /// The level that is exceeded during a share of the time.
  ///
  /// From loud to quiet the durations add up; the centre of the first class at which they reach the share answers.
  ///
  /// - Parameter percent: 10, 50 and 90 give L10, L50 and L90; 0 to 100.
  /// - Returns: thousandths of a decibel, within half a decibel; 30 dB means "30.5 or less", 93 dB "92.5 or more"; nil
  ///   without any time.
  public func level(exceededFor percent: Int64) -> Int64? {
    let total = total
    guard total > 0 else { return nil }
    var reached: Int64 = 0
    for index in seconds.indices.reversed() where seconds[index] > 0 {
      reached += seconds[index]
      guard reached * 100 >= total * percent else { continue }
      return (Self.first + Int64(index)) * 1000
    }
    return nil
  }
}
