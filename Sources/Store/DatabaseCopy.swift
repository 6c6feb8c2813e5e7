// Copies of a gateway's database: made while it runs, looked at before anybody relies on them.

internal import CSQLite

/// Copies whole databases, and says what they hold.
public enum DatabaseCopy {
  /// Pages that are copied between two words about the progress: 4 MiB.
  private static let pages: Int32 = 1024

  /// What a database holds.
  public struct Content: Hashable, Sendable {
    /// The version of its tables.
    public var schema: Int64
    /// The last entry of its journal, 0 if there is none.
    public var position: Int64
    /// Unix milliseconds of that entry.
    public var at: Int64
  }

  /// Copies a database as it is at this moment; whoever writes it goes on meanwhile.
  ///
  /// The copy is one file that needs no other beside it.
  ///
  /// - Parameters:
  ///   - source: the file to copy.
  ///   - target: the file to write: there is none, or an empty one.
  ///   - progress: told how many of how many bytes have been copied.
  /// - Throws: ``StoreError``.
  public static func copy(
    from source: String, to target: String, progress: (Int64, Int64) -> Void = { _, _ in }
  ) throws(StoreError) {
    let reader = try Connection(path: source, readOnly: true)
    // One moment for all of it: a copy begins anew when somebody else commits between two steps, unless its connection
    // is reading already; then it sees what it saw first.
    try reader.execute("BEGIN")
    let tables = try reader.prepare("SELECT count(*) FROM sqlite_schema")
    _ = try tables.step()
    tables.reset()
    let writer = try Connection(path: target)
    try reader.backup(to: writer, pages: pages, progress)
    try reader.execute("COMMIT")
  }

  /// Looks through a copy, and says what it holds.
  ///
  /// - Parameter path: the file; nobody else uses it.
  /// - Returns: its content.
  /// - Throws: ``StoreError`` when it is damaged, is no gateway's database, or was written by a newer version.
  public static func inspect(_ path: String) throws(StoreError) -> Content {
    let connection = try Connection(path: path, creates: false)
    // A copy of a database in WAL mode is one too, and would leave files beside it.
    try leaveWAL(connection, path)
    func fail(_ detail: String) -> StoreError {
      StoreError(code: SQLITE_CORRUPT, attempt: "checking \(path)", detail: detail)
    }
    let check = try connection.prepare("PRAGMA integrity_check(1)")
    let verdict = try check.step() ? check.text(0) : ""
    guard verdict == "ok" else { throw fail(verdict) }
    let version = try connection.prepare("PRAGMA user_version")
    let schema = try version.step() ? version.integer(0) : 0
    guard schema <= Database.schemaVersion else {
      throw fail("it was written by a newer version (schema \(schema), this one knows \(Database.schemaVersion))")
    }
    let tables = try connection.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'journal' AND type = 'table'")
    guard schema > 0, try tables.step(), tables.integer(0) == 1 else { throw fail("it is not a gateway's database") }
    let last = try connection.prepare("SELECT position + entries - 1, at FROM journal ORDER BY position DESC LIMIT 1")
    let isThere = try last.step()
    return Content(schema: schema, position: isThere ? last.integer(0) : 0, at: isThere ? last.integer(1) : 0)
  }

  /// Brings all that belongs to a database into its one file.
  ///
  /// - Parameter path: the file; nobody else uses it.
  /// - Throws: ``StoreError``; then it needs the files beside it as before.
  public static func settle(_ path: String) throws(StoreError) {
    let connection = try Connection(path: path, creates: false)
    try leaveWAL(connection, path)
    let tables = try connection.prepare("SELECT count(*) FROM sqlite_schema")
    _ = try tables.step()
  }

  /// "If the journal mode could not be changed, the original journal mode is returned" (sqlite.org/pragma.html).
  private static func leaveWAL(_ connection: Connection, _ path: String) throws(StoreError) {
    let mode = try connection.prepare("PRAGMA journal_mode = DELETE")
    guard try mode.step(), mode.text(0) == "delete" else {
      throw StoreError(code: SQLITE_BUSY, attempt: "closing \(path)", detail: "somebody else has it open")
    }
  }
}
