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

  /// Reads the line of an ordinary message.
  ///
  /// - Parameters:
  ///   - line: where it stands, without its newline.
  ///   - bytes: the text that it is a part of.
  /// - Returns: what ``init(line:)`` would read; nil for any line that is not quite ordinary.
  static func ordinaryMessage(_ line: Range<Int>, of bytes: Swift.Span<UInt8>) -> Entry? {
    var cursor = JSONCursor(line)
    guard cursor.take("{\"tst\":", bytes),
      let tst = cursor.anyString(bytes, count: 20) ?? cursor.anyString(bytes, count: 24),
      let arrival = Instant(utc: tst, of: bytes),
      cursor.take(",\"topic\":", bytes), let topic = cursor.plainString(bytes),
      cursor.take(",\"qos\":", bytes), let qos = cursor.wholeNumber(bytes), qos <= 2,
      cursor.take(",\"retain\":", bytes), let retain = cursor.wholeNumber(bytes), retain <= 1,
      cursor.take(",\"payloadlen\":", bytes), let length = cursor.wholeNumber(bytes)
    else { return nil }
    var packet: Int?
    if cursor.take(",\"mid\":", bytes) {
      packet = cursor.wholeNumber(bytes)
      if packet == nil { return nil }
    }
    guard cursor.take(",\"payload\":", bytes), let payload = cursor.string(bytes, count: length),
      cursor.take("}", bytes), cursor.isAtEnd
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
