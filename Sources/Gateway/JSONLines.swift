// Entries as bytes: what the journal stores and a trace file holds.

public import Core
internal import JSONText

/// Lines of a trace.
public struct JSONLines: Sendable {
  private var writer = JSONWriter()

  /// No line.
  public init() {}

  /// The lines.
  public var bytes: [UInt8] { writer.bytes }

  /// The line that begins at an index, without its newline.
  public static func line(at start: Int, of bytes: Swift.Span<UInt8>) -> Range<Int> {
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end &+= 1 }
    return start..<end
  }

  /// Adds an entry's line.
  public mutating func append(_ entry: Entry) { entry.write(to: &writer) }
}
