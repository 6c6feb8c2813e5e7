// Buckets as bytes for the history: small, exact, checked; Format.md draws them.

/// A run of buckets of equal length, empty ones included.
public struct PackedBuckets: Hashable, Sendable {
  /// One of the buckets.
  public struct Entry: Hashable, Sendable {
    /// Its readings.
    public var bucket = Bucket()
    /// Whether it changed after it had been written for the first time.
    public var isRevised = false

    /// No readings.
    public init() {}

    /// Some readings.
    public init(_ bucket: Bucket, isRevised: Bool = false) {
      self.bucket = bucket
      self.isRevised = isRevised
    }
  }

  /// Why bytes are not taken.
  public struct Damage: Error, Hashable, Sendable {}

  /// The buckets in order of time.
  public var entries: [Entry]

  /// So many buckets without readings.
  public init(count: Int) { entries = Array(repeating: Entry(), count: count) }

  /// Some buckets.
  public init(_ entries: [Entry]) { self.entries = entries }

  private static let version: UInt8 = 1

  /// The buckets as bytes.
  public var bytes: [UInt8] {
    var bytes = ByteWriter()
    bytes.append(Self.version)
    bytes.append(variable: Int128(entries.count))
    for entry in entries {
      let bucket = entry.bucket
      let isEmpty = bucket.count == 0
      bytes.append(
        UInt8(isEmpty ? 0 : 1) | UInt8(entry.isRevised ? 2 : 0) | UInt8(bucket.energy > 0 ? 4 : 0)
          | UInt8(bucket.isOverflown ? 8 : 0))
      guard !isEmpty else { continue }
      // Around the mean everything is small.
      let mean = Int128(bucket.mean ?? 0)
      bytes.append(variable: Int128(bucket.count))
      bytes.append(variable: Int128(bucket.seconds))
      bytes.append(variable: mean)
      bytes.append(variable: bucket.sum - mean * Int128(bucket.count))
      bytes.append(variable: bucket.weightedSum - mean * Int128(bucket.seconds))
      bytes.append(variable: mean - Int128(bucket.minimum))
      bytes.append(variable: Int128(bucket.maximum) - mean)
      if bucket.energy > 0 { bytes.append(variable: bucket.energy) }
    }
    bytes.append(CRC32.checksum(bytes.bytes.span, count: bytes.count))
    return bytes.bytes
  }

  /// Reads buckets back.
  ///
  /// - Throws: ``Damage`` for anything that ``bytes`` did not write.
  public init(bytes: [UInt8]) throws(Damage) {
    let span = bytes.span
    guard bytes.count >= 6 else { throw Damage() }
    var end = ByteReader(end: bytes.count, offset: bytes.count - 4)
    guard end.next(span) as UInt32 == CRC32.checksum(span, count: bytes.count - 4) else { throw Damage() }
    var reader = ByteReader(end: bytes.count - 4)
    guard reader.next(span) as UInt8 == Self.version else { throw Damage() }
    let count = try Self.variable(span, &reader)
    guard 0...1000 ~= count else { throw Damage() }
    entries = []
    for _ in 0..<Int(count) {
      guard reader.has(1) else { throw Damage() }
      let flags: UInt8 = reader.next(span)
      guard flags & 1 == 1 else {
        entries.append(Entry(Bucket(isOverflown: flags & 8 != 0), isRevised: flags & 2 != 0))
        continue
      }
      let (readings, seconds) = (try Self.variable(span, &reader), try Self.variable(span, &reader))
      let mean = try Self.variable(span, &reader)
      let sum = try Self.variable(span, &reader) + mean * readings
      let weightedSum = try Self.variable(span, &reader) + mean * seconds
      let minimum = mean - (try Self.variable(span, &reader))
      let maximum = mean + (try Self.variable(span, &reader))
      let energy = flags & 4 == 0 ? 0 : try Self.variable(span, &reader)
      let bucket = Bucket(
        count: Int64(truncatingIfNeeded: readings), sum: sum, weightedSum: weightedSum,
        seconds: Int64(truncatingIfNeeded: seconds), minimum: Int64(truncatingIfNeeded: minimum),
        maximum: Int64(truncatingIfNeeded: maximum), energy: energy, isOverflown: flags & 8 != 0)
      entries.append(Entry(bucket, isRevised: flags & 2 != 0))
    }
    guard !reader.has(1) else { throw Damage() }
  }

  /// A number of any size up to 112 bits; the checksum has been looked at, so only our own numbers come here.
  private static func variable(_ span: Span<UInt8>, _ reader: inout ByteReader) throws(Damage) -> Int128 {
    var number: UInt128 = 0
    for place in 0..<16 {
      guard reader.has(1) else { throw Damage() }
      let byte: UInt8 = reader.next(span)
      number |= UInt128(byte & 0x7F) << UInt128(place * 7)
      if byte < 0x80 { return Int128(bitPattern: number >> 1) ^ -Int128(bitPattern: number & 1) }
    }
    throw Damage()
  }

  /// The sums of so many buckets each; the last one may be of fewer.
  public func combined(by count: Int) -> PackedBuckets {
    PackedBuckets(
      stride(from: 0, to: entries.count, by: count).map { first in
        var entry = Entry()
        for part in entries[first..<min(entries.count, first + count)] {
          entry.bucket.combine(part.bucket)
          entry.isRevised = entry.isRevised || part.isRevised
        }
        return entry
      })
  }
}

extension ByteWriter {
  /// A number in groups of seven bits, the lowest first; the sign stands in the lowest bit.
  fileprivate mutating func append(variable number: Int128) {
    var rest = UInt128(bitPattern: (number << 1) ^ (number >> 127))
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }
}
