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
    separate()
    bytes.append(open)
    needsComma = false
    content(&self)
    bytes.append(close)
    needsComma = true
  }

  /// Writes a key, which is a name of ours and needs no escape; a value must follow.
  public mutating func key(_ key: String) {
    assert(!key.utf8.contains(where: JSONEscapes.needsEscape))
    separate()
    bytes.append(0x22)
    bytes.append(contentsOf: key.utf8)
    bytes.append(0x22)
    bytes.append(0x3A)
    needsComma = false
  }

  /// Writes a string.
  public mutating func string(_ text: String) {
    separate()
    bytes.append(0x22)
    // Nearly all strings need no escape: they are copied at once, and looked through where they lie.
    let start = bytes.count
    bytes.append(contentsOf: text.utf8)
    if bytes[start...].contains(where: JSONEscapes.needsEscape) {
      bytes.removeSubrange(start...)
      JSONEscapes.append(Array(text.utf8), to: &bytes)
    }
    bytes.append(0x22)
    needsComma = true
  }

  /// Writes a string from its UTF-8 bytes, which must be text.
  public mutating func string(utf8: [UInt8]) {
    separate()
    bytes.append(0x22)
    JSONEscapes.append(utf8, to: &bytes)
    bytes.append(0x22)
    needsComma = true
  }

  /// Writes an integer.
  public mutating func number(_ value: some BinaryInteger) {
    guard let small = UInt32(exactly: value) else { return raw(String(value)) }
    separate()
    var power: UInt32 = 1
    while small / power >= 10 { power *= 10 }
    while power > 0 {
      bytes.append(0x30 + UInt8(small / power % 10))
      power /= 10
    }
    needsComma = true
  }

  /// Writes a number or any other JSON text as it stands.
  public mutating func raw(_ json: String) {
    separate()
    bytes.append(contentsOf: json.utf8)
    needsComma = true
  }

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

  private mutating func separate() {
    if needsComma { bytes.append(0x2C) }
  }
}
