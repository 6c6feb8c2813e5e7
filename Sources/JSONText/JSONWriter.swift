// The one writer of JSON: commas in the right places, strings escaped, bytes out.

/// Writes one JSON text, compactly, in the order of the calls.
///
///     var json = JSONWriter()
///     json.object { json in
///       json.member("name", "Parc")
///       json.member("places", 3)
///     }
///     json.bytes  // {"name":"Parc","places":3}
public struct JSONWriter: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// An empty writer.
  public init() {}

  /// The text written so far.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Forgets the text and keeps its memory.
  public mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Writes an object; its members are written in `content`.
  public mutating func object(_ content: (inout JSONWriter) -> Void) { nested(0x7B, 0x7D, content) }

  /// Writes an array; its elements are written in `content`.
  public mutating func array(_ content: (inout JSONWriter) -> Void) { nested(0x5B, 0x5D, content) }

  private mutating func nested(_ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) -> Void) {
    write(1) { $0.append(open) }
    needsComma = false
    content(&self)
    bytes.append(close)
    needsComma = true
  }

  /// Writes a key, which is a name of ours and needs no escape; a value must follow.
  public mutating func key(_ key: String) {
    assert(!key.utf8.contains(where: JSONEscapes.needsEscape))
    write(key.utf8.count + 3) { output in
      output.append(0x22)
      output.append(key)
      output.append(0x22)
      output.append(0x3A)
    }
    needsComma = false
  }

  /// Writes a string.
  public mutating func string(_ text: String) {
    var text = text
    // The bytes where they lie.
    text.withUTF8 { string(utf8: unsafe Span(_unsafeElements: $0)) }
  }

  /// Writes a string from its UTF-8 bytes, which must be text.
  public mutating func string(utf8: [UInt8]) { string(utf8: utf8.span) }

  private mutating func string(utf8: Span<UInt8>) {
    write(JSONEscapes.capacity(for: utf8) + 2) { output in
      output.append(0x22)
      JSONEscapes.append(utf8, to: &output)
      output.append(0x22)
    }
  }

  /// Writes an integer.
  public mutating func number(_ value: some BinaryInteger) {
    guard var rest = UInt32(exactly: value) else { return raw(String(value)) }
    write(10) { output in
      var digits: InlineArray<10, UInt8> = .init(repeating: 0x30)
      var first = 10
      repeat {
        first -= 1
        digits[first] = 0x30 + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      for index in first..<10 { output.append(digits[index]) }
    }
  }

  /// Writes a number or any other JSON text as it stands.
  public mutating func raw(_ json: String) { write(json.utf8.count) { $0.append(json) } }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

  /// Writes `null`.
  public mutating func null() { raw("null") }

  /// Writes a key and a string.
  public mutating func member(_ key: String, _ value: String) {
    self.key(key)
    string(value)
  }

  /// Writes a key and an integer.
  public mutating func member(_ key: String, _ value: some BinaryInteger) {
    self.key(key)
    number(value)
  }

  /// Writes a key and `true` or `false`.
  public mutating func member(_ key: String, _ value: Bool) {
    self.key(key)
    bool(value)
  }

  /// Writes a key and a string; nothing at all for nil.
  public mutating func member(ifPresent key: String, _ value: String?) {
    if let value { member(key, value) }
  }

  /// Writes a key and JSON text as it stands.
  public mutating func member(_ key: String, raw json: String) {
    self.key(key)
    raw(json)
  }

  /// Ends a line of JSON Lines; the next value stands on its own.
  public mutating func newline() {
    bytes.append(0x0A)
    needsComma = false
  }

  /// Writes a piece, after a comma if it needs one, into memory that is made sure of once.
  @inline(__always)
  private mutating func write(_ capacity: Int, _ piece: (inout OutputSpan<UInt8>) -> Void) {
    let isFirst = !needsComma
    bytes.append(addingCapacity: capacity + 1) { output in
      if !isFirst { output.append(0x2C) }
      piece(&output)
    }
    needsComma = true
  }
}

extension OutputSpan<UInt8> {
  /// Appends the UTF-8 bytes of a text.
  fileprivate mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { source in
      precondition(source.count <= freeCapacity)
      unsafe withUnsafeMutableBufferPointer { buffer, written in
        guard let from = source.baseAddress, let start = buffer.baseAddress else { return }
        unsafe (start + written).initialize(from: from, count: source.count)
        written += source.count
      }
    }
  }
}
