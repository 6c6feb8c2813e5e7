// A hash that is the same in every process, for digests, validators and the recognition of what came before.

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
///
/// Not for secrets.
public struct StableHash: Hashable, Sendable {
  @usableFromInline var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The hash of nothing.
  public init() {}

  /// The hash of what was added so far.
  public var value: UInt64 { state }

  /// Adds bytes; inlined, since every message of QoS 1 is hashed.
  @inlinable
  public mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// The hash in hexadecimal.
  public var text: String { String(value, radix: 16) }
}
