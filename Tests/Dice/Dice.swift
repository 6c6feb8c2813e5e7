// Chance that can be told again: a printed seed tells the same story for ever, on any machine.

/// SplitMix64 (Steele, Lea, Flood 2014).
public struct Dice: RandomNumberGenerator, Sendable {
  /// The state; the seed to begin with.
  public var state: UInt64

  /// Dice that begin with a seed.
  public init(state: UInt64) { self.state = state }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Whether a die of so many faces shows the first one.
  public mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

  /// One of a list.
  public mutating func pick<T>(_ list: [T]) -> T { list[Int.random(in: list.indices, using: &self)] }
}
