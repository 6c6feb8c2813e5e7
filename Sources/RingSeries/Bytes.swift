// Little-endian numbers in and out, and the checksum that everybody knows.

/// Bytes that grow at their end.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  var count: Int { bytes.count }

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func append(_ number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  mutating func replace(_ number: UInt32, at place: Int) {
    for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: number >> (byte * 8)) }
  }
}

/// A position in bytes.
struct ByteReader {
  var end: Int
  private(set) var offset = 0

  init(end: Int, offset: Int = 0) {
    self.end = end
    self.offset = offset
  }

  func has(_ count: Int) -> Bool { end - offset >= count }

  mutating func skip(_ count: Int) { offset += count }

  /// The next number; its bytes must be there.
  mutating func next<T: FixedWidthInteger>(_ bytes: Span<UInt8>) -> T {
    var number: T = 0
    for byte in 0..<T.bitWidth / 8 { number |= T(truncatingIfNeeded: bytes[offset + byte]) << T(byte * 8) }
    offset += T.bitWidth / 8
    return number
  }
}

/// CRC-32 as of zlib and Ethernet (polynomial 0xEDB88320, reflected).
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }

  /// The checksum of the first `count` bytes.
  static func checksum(_ bytes: Span<UInt8>, count: Int) -> UInt32 {
    let table = table
    var value: UInt32 = 0xFFFF_FFFF
    for index in 0..<count { value = table[Int((value ^ UInt32(bytes[index])) & 0xFF)] ^ (value >> 8) }
    return value ^ 0xFFFF_FFFF
  }
}
