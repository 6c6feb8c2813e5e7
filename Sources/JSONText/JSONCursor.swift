// A reader for texts whose shape is known beforehand: it walks along the bytes and builds nothing.
//
// It knows what nearly all such texts look like, and no more: at the first thing that it does not expect it answers nil,
// and its caller reads the text once more with `JSONDocument`, which knows everything. So it decides nothing, and may be
// quick.

/// A place in a JSON text; the bytes are handed in with every call.
public struct JSONCursor {
  /// The next byte.
  public private(set) var at: Int
  /// Where the text ends.
  public let end: Int

  /// A place at the beginning of a range of bytes.
  public init(_ range: Range<Int>) {
    at = range.lowerBound
    end = range.upperBound
  }

  /// Whether nothing is left.
  public var isAtEnd: Bool { at == end }

  /// Takes a byte if it comes next.
  @inline(__always)
  public mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard at < end, bytes[at] == byte else { return false }
    at &+= 1
    return true
  }

  /// Takes spaces.
  @inline(__always)
  public mutating func skipSpaces(_ bytes: Span<UInt8>) { while at < end, bytes[at] == 0x20 { at &+= 1 } }

  /// A string of at most 16 printable ASCII characters without escapes, packed: see ``ShortText``.
  @inline(__always)
  public mutating func shortText(_ bytes: Span<UInt8>) -> ShortText? {
    guard take(0x22, bytes) else { return nil }
    var packed: UInt128 = 0
    let first = at
    while at < end {
      let byte = bytes[at]
      at &+= 1
      if byte == 0x22 { return at &- first <= 17 ? ShortText(packed) : nil }
      guard byte >= 0x20, byte < 0x7F, byte != 0x5C else { return nil }
      packed = packed << 8 | UInt128(byte)
    }
    return nil
  }

  /// The range of a string of printable ASCII characters without escapes.
  @inline(__always)
  public mutating func plainString(_ bytes: Span<UInt8>) -> Range<Int>? {
    guard take(0x22, bytes) else { return nil }
    let first = at
    while at < end {
      let byte = bytes[at]
      at &+= 1
      if byte == 0x22 { return first..<at &- 1 }
      guard byte >= 0x20, byte < 0x7F, byte != 0x5C else { return nil }
    }
    return nil
  }

  /// The bytes of a string of printable ASCII characters, of whose escapes only `\"`, `\\` and `\/` are known.
  public mutating func string(_ bytes: Span<UInt8>, capacity: Int) -> [UInt8]? {
    guard take(0x22, bytes), capacity <= end - at else { return nil }
    var place = at
    let end = end
    var isClosed = false
    let text = [UInt8](capacity: capacity) { output in
      while place < end {
        var byte = bytes[place]
        place &+= 1
        if byte == 0x22 {
          isClosed = true
          return
        }
        if byte == 0x5C {
          guard place < end else { return }
          byte = bytes[place]
          place &+= 1
          guard byte == 0x22 || byte == 0x5C || byte == 0x2F else { return }
        } else if byte < 0x20 || byte >= 0x7F {
          return
        }
        guard !output.isFull else { return }
        output.append(byte)
      }
    }
    at = place
    return isClosed ? text : nil
  }

  /// A whole number of at most 15 digits, without a sign.
  @inline(__always)
  public mutating func wholeNumber(_ bytes: Span<UInt8>) -> Int? {
    let first = at
    var number = 0
    while at < end, case let digit = bytes[at] &- 0x30, digit < 10 {
      number = number &* 10 &+ Int(digit)
      at &+= 1
    }
    let count = at &- first
    guard count > 0, count < 16, count == 1 || bytes[first] != 0x30 else { return nil }
    return number
  }

  /// A number without an exponent, of at most 15 digits, as `digits` / 10^`places`.
  @inline(__always)
  public mutating func decimal(_ bytes: Span<UInt8>) -> (digits: Int64, places: Int)? {
    let isNegative = take(0x2D, bytes)
    let first = at
    guard let whole = wholeNumber(bytes) else { return nil }
    var digits = Int64(whole)
    var places = 0
    if take(0x2E, bytes) {
      let point = at
      while at < end, case let digit = bytes[at] &- 0x30, digit < 10 {
        digits = digits &* 10 &+ Int64(digit)
        at &+= 1
      }
      places = at &- point
      guard places > 0, at &- first < 17 else { return nil }
    }
    if at < end, bytes[at] | 0x20 == 0x65 { return nil }
    return (isNegative ? -digits : digits, places)
  }
}

/// Up to 16 ASCII characters in one number, so that comparing is one instruction.
public struct ShortText: Hashable, Sendable, ExpressibleByStringLiteral {
  private let packed: UInt128

  init(_ packed: UInt128) { self.packed = packed }

  /// The text of a literal.
  public init(stringLiteral text: StaticString) {
    precondition(text.utf8CodeUnitCount <= 16, "too long for a short text")
    packed = text.description.utf8.reduce(0) { $0 << 8 | UInt128($1) }
  }
}
