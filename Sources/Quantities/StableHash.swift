// A hash that is the same in every process, for digests, validators and the recognition of what came before.

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
///
/// Not for secrets.
public struct StableHash: Hashable, Sendable {
  /// The hash of what was added so far.
  public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The hash of nothing.
  public init() {}

  /// Adds bytes.
  public mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// The hash in hexadecimal.
  public var text: String { String(value, radix: 16) }
}
