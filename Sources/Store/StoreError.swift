// What SQLite says when it cannot, as a sentence.

/// An operation of the store that failed.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// SQLite's extended result code.
  public let code: Int32
  /// What was attempted.
  public let attempt: String
  /// SQLite's own words.
  public let detail: String

  /// An error.
  public init(code: Int32, attempt: String, detail: String) {
    self.code = code
    self.attempt = attempt
    self.detail = detail
  }

  /// What was attempted, and SQLite's words.
  public var description: String { "\(attempt) failed: \(detail) (SQLite \(code))" }

  /// Whether the disk is full.
  public var isDiskFull: Bool { code & 0xFF == 13 }
}
