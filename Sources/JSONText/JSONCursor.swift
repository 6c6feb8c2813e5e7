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
    guard place < end else { return nil }
    let rest = bytes.extracting(place..<end)
    guard rest[0] == 0x22 else { return nil }
    for length in 1..<rest.count where rest[length] == 0x22 || !Self.isPlain(rest[length]) {
      guard rest[length] == 0x22 else { return nil }
      defer { place &+= length &+ 1 }
      return place &+ 1..<place &+ length
    }
    return nil
  }

  /// Whether a byte stands for itself in a string: printable ASCII and no backslash; a quote ends it.
  @inlinable @inline(__always)
  static func isPlain(_ byte: UInt8) -> Bool { byte &- 0x20 < 0x5F && byte != 0x5C }

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
    var text = [UInt8](repeating: 0, count: count)
    var read = 0
    for index in text.indices {
      guard read < rest.count else { return nil }
      var byte = rest[read]
      read &+= 1
      if byte == 0x22 || !Self.isPlain(byte) {
        guard byte == 0x5C, read < rest.count else { return nil }
        byte = rest[read]
        read &+= 1
        guard byte == 0x22 || byte == 0x5C || byte == 0x2F else { return nil }
      }
      text[index] = byte
    }
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

/// Up to 16 ASCII characters in one number, so that comparing is one instruction.
public struct ShortText: Hashable, Sendable, ExpressibleByStringLiteral {
  @usableFromInline let packed: UInt128

  /// The text that stands at a range; nil if it is longer.
  @inlinable @inline(__always)
  public init?(_ range: Range<Int>, of bytes: Span<UInt8>) {
    guard range.count <= 16 else { return nil }
    let text = bytes.extracting(range)
    var packed: UInt128 = 0
    for index in text.indices { packed = packed << 8 | UInt128(text[index]) }
    self.packed = packed
  }

  /// The text of a literal.
  @inlinable @inline(__always)
  public init(stringLiteral text: StaticString) {
    precondition(text.utf8CodeUnitCount <= 16, "too long for a short text")
    var packed: UInt128 = 0
    for index in 0..<text.utf8CodeUnitCount { packed = packed << 8 | UInt128(unsafe text.utf8Start[index]) }
    self.packed = packed
  }
}
