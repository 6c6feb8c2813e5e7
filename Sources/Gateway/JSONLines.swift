// Entries as bytes: what the journal stores and a trace file holds.

public import Core
internal import Glibc
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
    let rest = bytes.extracting(start..<bytes.count)
    // The library's search looks at 32 bytes at once; a line of a trace has some two hundred.
    return unsafe rest.withUnsafeBytes { rest in
      guard let first = rest.baseAddress, let newline = unsafe memchr(first, 0x0A, rest.count) else {
        return start..<bytes.count
      }
      return unsafe start..<start + (UnsafeRawPointer(newline) - first)
    }
  }

  /// Adds an entry's line.
  public mutating func append(_ entry: Entry) { entry.write(to: &writer) }
}
