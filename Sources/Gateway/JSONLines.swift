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

  /// Adds an entry's line.
  public mutating func append(_ entry: Entry) { entry.write(to: &writer) }
}
