// Lines for journald: a priority prefix (sd-daemon(3)), an identifier to search for, a sentence.

internal import Glibc
internal import Synchronization

/// Writes to standard error.
public enum Log {
  /// How much it matters, as syslog counts it.
  public enum Priority: Int, Sendable {
    /// Nothing at all, for simulations that fail thousands of times.
    case silence = -1
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
  }

  private static let minimum = Atomic<Int>(Priority.info.rawValue)

  /// Lines less urgent than this are not written.
  public static func setMinimum(_ priority: Priority) { minimum.store(priority.rawValue, ordering: .relaxed) }

  /// Something failed, and a person must act.
  public static func error(_ identifier: String, _ text: String) { write(.error, identifier, text) }
  /// Something is not as it should be; the gateway copes.
  public static func warning(_ identifier: String, _ text: String) { write(.warning, identifier, text) }
  /// Something worth knowing happened.
  public static func notice(_ identifier: String, _ text: String) { write(.notice, identifier, text) }
  /// All is well.
  public static func info(_ identifier: String, _ text: String) { write(.info, identifier, text) }

  private static func write(_ priority: Priority, _ identifier: String, _ text: String) {
    guard priority.rawValue <= minimum.load(ordering: .relaxed) else { return }
    // journald reads the prefix from a pipe; on a terminal it would only be in the way.
    let prefix = isatty(2) == 1 ? "" : "<\(priority.rawValue)>"
    // What a stranger sent may stand in the text: it must not begin a line of its own, nor move a terminal's cursor.
    let printable = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
    let line = Array("\(prefix)\(identifier): \(String(String.UnicodeScalarView(printable)))\n".utf8)
    // One call a line, so that lines of several threads do not mix; a log that cannot be written is no reason to stop.
    _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
