// Escapes of JSON strings, in both directions.

enum JSONEscapes {
  /// The text of a checked string.
  static func decode(_ slice: ArraySlice<UInt8>, hasEscapes: Bool) -> [UInt8] {
    guard hasEscapes else { return Array(slice) }
    var text: [UInt8] = []
    text.reserveCapacity(slice.count)
    var rest = slice
    while let byte = rest.popFirst() {
      guard byte == 0x5C, let mark = rest.popFirst() else {
        text.append(byte)
        continue
      }
      switch mark {
      case 0x62: text.append(0x08)
      case 0x66: text.append(0x0C)
      case 0x6E: text.append(0x0A)
      case 0x72: text.append(0x0D)
      case 0x74: text.append(0x09)
      case 0x75: appendScalar(from: &rest, to: &text)
      default: text.append(mark)
      }
    }
    return text
  }

  private static func appendScalar(from rest: inout ArraySlice<UInt8>, to text: inout [UInt8]) {
    guard var code = hex4(rest) else { return }
    rest = rest.dropFirst(4)
    if (0xD800...0xDBFF).contains(code), let low = hex4(rest.dropFirst(2)) {
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      rest = rest.dropFirst(6)
    }
    if let scalar = Unicode.Scalar(code) { text.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
  }

  /// The value of four hexadecimal digits at the start of some bytes.
  static func hex4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
    guard bytes.count >= 4 else { return nil }
    var value: UInt32 = 0
    for byte in bytes.prefix(4) {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
      default: return nil
      }
    }
    return value
  }

  /// Room that the inside of a JSON string needs at most: each byte may become six, and words are written whole.
  static func capacity(for text: Span<UInt8>) -> Int { text.count * 6 + 8 }

  /// Appends UTF-8 text as the inside of a JSON string: only what must be escaped is.
  ///
  /// Every payload goes through here on its way to the journal. Eight bytes are written at once, of which the next write
  /// covers those that came after one that needs an escape.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - output: has ``capacity(for:)`` left.
  static func append(_ text: Span<UInt8>, to output: inout OutputSpan<UInt8>) {
    precondition(output.freeCapacity >= capacity(for: text))
    unsafe output.withUnsafeMutableBufferPointer { buffer, written in
      guard let start = buffer.baseAddress else { return }
      var place = 0
      while place < text.count {
        if let word = Word(text, at: place, end: text.count) {
          unsafe UnsafeMutableRawPointer(start + written).storeBytes(
            of: word.bytes.littleEndian, as: UInt64.self)
          let plain = word.isPlain ? 8 : word.plainCount
          written += plain
          place += plain
          if plain == 8 { continue }
        }
        let byte = text[place]
        place += 1
        guard needsEscape(byte) else {
          unsafe start[written] = byte
          written += 1
          continue
        }
        unsafe start[written] = 0x5C
        unsafe start[written + 1] = mark(of: byte)
        written += 2
        guard mark(of: byte) == 0x75 else { continue }
        for digit in [0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]] {
          unsafe start[written] = digit
          written += 1
        }
      }
    }
  }

  /// What follows the backslash of a character that cannot stand for itself.
  private static func mark(of byte: UInt8) -> UInt8 {
    switch byte {
    case 0x22, 0x5C: byte
    case 0x0A: 0x6E
    case 0x0D: 0x72
    case 0x09: 0x74
    default: 0x75
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)

  static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }
}
