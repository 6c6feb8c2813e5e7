// The lines that nearly every trace consists of, read without building a document: this program's own, and those of
// mosquitto_sub. Anything unusual is left to the thorough reader, which alone says what is wrong with a line.

internal import JSONText
internal import Quantities

extension Entry {
  /// Reads a line.
  ///
  /// - Parameters:
  ///   - line: where it stands, without its newline.
  ///   - bytes: the text that it is a part of.
  /// - Throws: ``TraceError`` as ``init(line:)`` does.
  public init(line: Range<Int>, of bytes: [UInt8]) throws(TraceError) {
    if let ordinary = Self.ordinaryMessage(line, of: bytes.span) {
      self = ordinary
    } else {
      try self.init(line: Array(bytes[line]))
    }
  }

  private enum Key {
    static let tst: ShortText = "tst"
    static let topic: ShortText = "topic"
    static let qos: ShortText = "qos"
    static let retain: ShortText = "retain"
    static let payloadlen: ShortText = "payloadlen"
    static let mid: ShortText = "mid"
    static let payload: ShortText = "payload"
  }

  /// Reads the line of an ordinary message.
  ///
  /// - Parameters:
  ///   - line: where it stands, without its newline.
  ///   - bytes: the text that it is a part of.
  /// - Returns: what ``init(line:)`` would read; nil for any line that is not quite ordinary.
  static func ordinaryMessage(_ line: Range<Int>, of bytes: Swift.Span<UInt8>) -> Entry? {
    var cursor = JSONCursor(line)
    func key(_ name: ShortText) -> Bool { cursor.shortText(bytes) == name && cursor.take(0x3A, bytes) }
    func next() -> Bool { cursor.take(0x2C, bytes) }
    guard cursor.take(0x7B, bytes), key(Key.tst), let tst = cursor.plainString(bytes),
      let arrival = Instant(utc: tst, of: bytes), next(),
      key(Key.topic), let topic = cursor.plainString(bytes), next(),
      key(Key.qos), let qos = cursor.wholeNumber(bytes), qos <= 2, next(),
      key(Key.retain), let retain = cursor.wholeNumber(bytes), retain <= 1, next(),
      key(Key.payloadlen), let length = cursor.wholeNumber(bytes), next()
    else { return nil }
    var packet: Int?
    let name = cursor.shortText(bytes)
    guard cursor.take(0x3A, bytes) else { return nil }
    if name == Key.mid {
      guard let number = cursor.wholeNumber(bytes), next(), key(Key.payload) else { return nil }
      packet = number
    } else if name != Key.payload {
      return nil
    }
    guard let payload = cursor.string(bytes, capacity: length), payload.count == length, cursor.take(0x7D, bytes),
      cursor.isAtEnd
    else { return nil }
    return .message(
      Message(
        arrival: arrival, topic: String(ascii: topic, of: bytes), payload: payload, qos: qos, isRetained: retain == 1,
        packet: packet))
  }
}

extension String {
  /// Text that is known to be ASCII.
  fileprivate init(ascii range: Range<Int>, of bytes: Swift.Span<UInt8>) {
    self = unsafe String(copying: UTF8Span(unchecked: bytes.extracting(range), isKnownASCII: true))
  }
}
