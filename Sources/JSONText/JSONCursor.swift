// A reader for texts whose shape is known beforehand: it walks along the bytes and builds nothing.
//
// It knows what nearly all such texts look like, and no more: at the first thing that it does not expect it answers nil,
// and its caller reads the text once more with `JSONDocument`, which knows everything. So it decides nothing, and may be
// quick: it is inlined into its callers, where the texts that they look for become constants.

/// A place in a JSON text; the bytes are handed in with every call.
public struct JSONCursor {
  @usableFromInline var place: Int
  @usableFromInline let end: Int

  /// A place at the beginning of a range of bytes.
  @inlinable public init(_ range: Range<Int>) {
    place = range.lowerBound
    end = range.upperBound
  }

  /// Whether nothing is left.
  @inlinable public var isAtEnd: Bool { place == end }

  /// Takes a byte if it comes next.
  @inlinable @inline(__always)
  public mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard place < end, bytes[place] == byte else { return false }
    place &+= 1
    return true
  }

  /// Takes ASCII characters if they come next.
  @inlinable @inline(__always)
  public mutating func take(_ text: StaticString, _ bytes: Span<UInt8>) -> Bool {
    let count = text.utf8CodeUnitCount
    guard end &- place >= count else { return false }
    let next = bytes.extracting(place..<place &+ count)
    // A literal's own bytes: the compiler makes them part of the comparison.
    for index in 0..<count where unsafe next[index] != text.utf8Start[index] { return false }
    place &+= count
    return true
  }

  /// Takes spaces.
  @inlinable @inline(__always)
  public mutating func skipSpaces(_ bytes: Span<UInt8>) { while place < end, bytes[place] == 0x20 { place &+= 1 } }

  /// Takes the name of a member that is one character, with the colon behind it, and says that character.
  @inlinable @inline(__always)
  public mutating func shortName(_ bytes: Span<UInt8>) -> UInt8? {
    guard end &- place >= 4 else { return nil }
    let next = bytes.extracting(place..<place &+ 4)
    guard next[0] == 0x22, next[2] == 0x22, next[3] == 0x3A else { return nil }
    place &+= 4
    return next[1]
  }

  /// The range of a string of so many bytes, at which the caller must look himself.
  @inlinable @inline(__always)
  public mutating func anyString(_ bytes: Span<UInt8>, count: Int) -> Range<Int>? {
    guard end &- place >= count &+ 2, bytes[place] == 0x22, bytes[place &+ count &+ 1] == 0x22 else { return nil }
    defer { place &+= count &+ 2 }
    return place &+ 1..<place &+ count &+ 1
  }

  /// The range of a string of printable ASCII characters without escapes.
  @inlinable @inline(__always)
  public mutating func plainString(_ bytes: Span<UInt8>) -> Range<Int>? {
    guard take(0x22, bytes) else { return nil }
    let first = place
    while let word = Word(bytes, at: place, end: end), word.isPlain { place &+= 8 }
    if let word = Word(bytes, at: place, end: end) { place &+= word.plainCount }
    while place < end, Self.isPlain(bytes[place]) { place &+= 1 }
    let last = place
    return take(0x22, bytes) ? first..<last : nil
  }

  /// The rest of a string of at most 15 plain characters, whose quote was taken, and the quote at its end.
  @inlinable @inline(__always)
  public mutating func short(_ bytes: Span<UInt8>) -> ShortText? {
    guard let low = Word(bytes, at: place, end: end) else { return nil }
    if !low.isPlain {
      let count = low.plainCount
      guard low[count] == 0x22 else { return nil }
      place &+= count &+ 1
      return ShortText(low, count: count)
    }
    guard let high = Word(bytes, at: place &+ 8, end: end), !high.isPlain else { return nil }
    let count = high.plainCount
    guard high[count] == 0x22 else { return nil }
    place &+= count &+ 9
    return ShortText(low, high, count: count)
  }

  /// Whether a byte stands for itself in a string: printable ASCII, but no quote and no backslash.
  @inlinable @inline(__always)
  static func isPlain(_ byte: UInt8) -> Bool { byte &- 0x20 < 0x5F && byte != 0x5C && byte != 0x22 }

  /// The bytes of a string of printable ASCII characters, of whose escapes only `\"`, `\\` and `\/` are known.
  ///
  /// - Parameters:
  ///   - bytes: the text.
  ///   - count: how many bytes the string has.
  /// - Returns: the string; nil also if it has another length.
  @inlinable
  public mutating func string(_ bytes: Span<UInt8>, count: Int) -> [UInt8]? {
    guard take(0x22, bytes), count >= 0, count < end &- place else { return nil }
    let rest = bytes.extracting(place..<end)
    var read = 0
    // Byte by byte, since escapes stand close together; checked are the bytes as a whole, behind the loop. Every read is
    // compared with the rest's length and every write with the buffer's.
    let text = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      unsafe rest.withUnsafeBufferPointer { rest in
        var place = 0
        while place < count, read < rest.count {
          var byte = unsafe rest[read]
          if byte == 0x5C {
            read &+= 1
            guard read < rest.count else { break }
            byte = unsafe rest[read]
            guard byte == 0x22 || byte == 0x5C || byte == 0x2F else { break }
          } else if byte == 0x22 {
            break
          }
          unsafe buffer[place] = byte
          place &+= 1
          read &+= 1
        }
        written = place
      }
    }
    guard text.count == count, rest.extracting(0..<read).isPrintable else { return nil }
    place &+= read
    return take(0x22, bytes) ? text : nil
  }

  /// A whole number of at most 15 digits, without a sign.
  @inlinable @inline(__always)
  public mutating func wholeNumber(_ bytes: Span<UInt8>) -> Int? {
    let first = place
    var number = 0
    while place < end, case let digit = bytes[place] &- 0x30, digit < 10 {
      number = number &* 10 &+ Int(digit)
      place &+= 1
    }
    let count = place &- first
    guard count > 0, count < 16, count == 1 || bytes[first] != 0x30 else { return nil }
    return number
  }

  /// A number without an exponent, of at most 15 digits, as `digits` / 10^`places`.
  @inlinable @inline(__always)
  public mutating func decimal(_ bytes: Span<UInt8>) -> (digits: Int64, places: Int)? {
    let isNegative = take(0x2D, bytes)
    let first = place
    guard let whole = wholeNumber(bytes) else { return nil }
    var digits = Int64(whole)
    var places = 0
    if take(0x2E, bytes) {
      let point = place
      while place < end, case let digit = bytes[place] &- 0x30, digit < 10 {
        digits = digits &* 10 &+ Int64(digit)
        place &+= 1
      }
      places = place &- point
      guard places > 0, place &- first < 17 else { return nil }
    }
    if place < end, bytes[place] | 0x20 == 0x65 { return nil }
    return (isNegative ? -digits : digits, places)
  }
}

extension Span<UInt8> {
  /// Whether all bytes are printable ASCII characters.
  @inlinable @inline(__always) var isPrintable: Bool {
    var place = 0
    while let word = Word(self, at: place, end: count) {
      guard word.isPrintable else { return false }
      place &+= 8
    }
    while place < count {
      guard self[place] &- 0x20 < 0x5F else { return false }
      place &+= 1
    }
    return true
  }
}

/// Eight bytes at once: strings are what most of a trace consists of.
@usableFromInline
struct Word {
  /// The first byte in the lowest place.
  @usableFromInline let bytes: UInt64
  /// In the lowest byte that is not plain, and perhaps in higher ones, the highest bit.
  @usableFromInline let marks: UInt64

  /// The bytes at a place; nil if there are fewer than eight before the end.
  @inlinable @inline(__always)
  init?(_ text: Span<UInt8>, at place: Int, end: Int) {
    guard end &- place >= 8, place >= 0, end <= text.count else { return nil }
    // One load, which the line before has checked; the span's own takes as long as eight.
    bytes = unsafe text.withUnsafeBytes { text in
      UInt64(littleEndian: unsafe text.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }
    // Subtracting 1 borrows from a byte only if it is 0, or if the one below did, which is marked already; so the quote
    // and the backslash are found. What is below a space borrows likewise; 0x7F and above carry into their own top bit.
    let ones: UInt64 = 0x0101_0101_0101_0101
    let (quote, backslash) = (bytes ^ (ones &* 0x22), bytes ^ (ones &* 0x5C))
    let isQuoteOrBackslash = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
    let isNotPrintable = ((bytes &- (ones &* 0x20)) & ~bytes) | bytes | (bytes &+ ones)
    marks = (isQuoteOrBackslash | isNotPrintable) & (ones &* 0x80)
  }

  /// Whether every byte is a printable ASCII character.
  @inlinable @inline(__always) var isPrintable: Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    return (((bytes &- (ones &* 0x20)) & ~bytes) | bytes | (bytes &+ ones)) & (ones &* 0x80) == 0
  }

  /// Whether every byte stands for itself in a string.
  @inlinable @inline(__always) var isPlain: Bool { marks == 0 }

  /// One of the eight.
  @inlinable @inline(__always) subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: bytes >> UInt64(index &* 8)) }

  /// The first so many of them, fewer than eight.
  @inlinable @inline(__always) func first(_ count: Int) -> UInt64 { bytes & ((1 << UInt64(count &* 8)) &- 1) }

  /// How many do before the first one that does not.
  @inlinable @inline(__always) var plainCount: Int { marks.trailingZeroBitCount >> 3 }
}

/// Up to 16 ASCII characters in one number, so that comparing is one instruction.
public struct ShortText: Hashable, Sendable, ExpressibleByStringLiteral {
  @usableFromInline let packed: UInt128

  /// The text that stands at a range; nil if it is longer.
  @inlinable @inline(__always)
  public init?(_ range: Range<Int>, of bytes: Span<UInt8>) {
    let count = range.count
    guard count <= 16 else { return nil }
    if let low = Word(bytes, at: range.lowerBound, end: bytes.count),
      let high = Word(bytes, at: range.lowerBound &+ 8, end: bytes.count)
    {
      packed = (UInt128(high.bytes) << 64 | UInt128(low.bytes)) & (count == 16 ? .max : (1 << UInt128(count * 8)) &- 1)
    } else {
      packed = range.reversed().reduce(0) { $0 << 8 | UInt128(bytes[$1]) }
    }
  }

  /// The first so many bytes of a word.
  @inlinable @inline(__always) init(_ word: Word, count: Int) { packed = UInt128(word.first(count)) }

  /// A word and the first so many bytes of the one behind it.
  @inlinable @inline(__always) init(_ low: Word, _ high: Word, count: Int) {
    packed = UInt128(high.first(count)) << 64 | UInt128(low.bytes)
  }

  /// The text of a literal.
  @inlinable @inline(__always)
  public init(stringLiteral text: StaticString) {
    precondition(text.utf8CodeUnitCount <= 16, "too long for a short text")
    var packed: UInt128 = 0
    for index in (0..<text.utf8CodeUnitCount).reversed() {
      packed = packed << 8 | UInt128(unsafe text.utf8Start[index])
    }
    self.packed = packed
  }
}
