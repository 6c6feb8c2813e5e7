// The journal on disk: one row a batch, committed before anything of it is acknowledged.
//
//   journal(position INTEGER PRIMARY KEY,   number of the batch's first entry, from 1
//           entries INTEGER,                how many entries
//           at INTEGER,                     Unix milliseconds of the last entry
//           lines BLOB,                     the entries as lines of a trace
//           crc INTEGER)                    CRC-32 of the lines

internal import CSQLite
internal import CZlib

/// A batch of the journal.
public struct JournalBatch: Hashable, Sendable {
  /// Number of its first entry, from 1.
  public var position: Int64
  /// How many entries it holds.
  public var entries: Int64
  /// Unix milliseconds of its last entry.
  public var at: Int64
  /// The entries, one a line.
  public var lines: [UInt8]
  /// Whether the lines are what was written.
  public var isIntact: Bool
}

/// The journal of one gateway.
///
/// Confined to the thread or queue of its owner.
public final class Journal {
  /// The version of the tables; migrations bring older files up to it.
  public static let schemaVersion: Int64 = 1

  private let connection: Connection
  private let insert: Statement
  private let path: String
  /// Number of the next entry.
  public private(set) var nextPosition: Int64

  /// Opens the journal of a data folder, and makes it if there is none.
  ///
  /// - Throws: ``StoreError``, also for a file that a newer version wrote.
  public init(folder: String) throws(StoreError) {
    path = folder + "/journal.db"
    connection = try Connection(path: path)
    // WAL with FULL: a commit is on the disk when it returns (sqlite.org/pragma.html#pragma_synchronous).
    try connection.execute("PRAGMA journal_mode = WAL")
    try connection.execute("PRAGMA synchronous = FULL")
    try Self.migrate(connection, path: path)
    let last = try connection.prepare("SELECT position + entries FROM journal ORDER BY position DESC LIMIT 1")
    nextPosition = try last.step() ? last.integer(0) : 1
    insert = try connection.prepare(
      "INSERT INTO journal(position, entries, at, lines, crc) VALUES (?1, ?2, ?3, ?4, ?5)")
  }

  private static func migrate(_ connection: Connection, path: String) throws(StoreError) {
    let statement = try connection.prepare("PRAGMA user_version")
    let version = try statement.step() ? statement.integer(0) : 0
    statement.reset()
    guard version <= schemaVersion else {
      throw StoreError(
        code: SQLITE_ERROR, attempt: "opening \(path)",
        detail: "it was written by a newer version (schema \(version), this one knows \(schemaVersion))")
    }
    guard version < 1 else { return }
    try connection.execute(
      """
      BEGIN IMMEDIATE;
      CREATE TABLE journal(position INTEGER PRIMARY KEY, entries INTEGER NOT NULL, at INTEGER NOT NULL,
        lines BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
      PRAGMA user_version = 1;
      COMMIT;
      """)
  }

  /// Appends a batch; it is on the disk when this returns.
  ///
  /// - Parameters:
  ///   - lines: the entries, one a line.
  ///   - entries: how many.
  ///   - at: Unix milliseconds of the last.
  /// - Throws: ``StoreError``; then nothing of the batch is stored.
  public func append(lines: [UInt8], entries: Int64, at: Int64) throws(StoreError) {
    insert.bind(1, nextPosition)
    insert.bind(2, entries)
    insert.bind(3, at)
    insert.bind(4, lines)
    insert.bind(5, Self.crc(lines))
    try insert.run()  // in autocommit: the statement is the transaction
    nextPosition += entries
  }

  /// Whether the disk takes a write now: makes one and takes it back.
  ///
  /// - Throws: ``StoreError`` when it does not.
  public func probe() throws(StoreError) {
    try connection.execute("CREATE TABLE IF NOT EXISTS probe(x BLOB) STRICT")
    try connection.execute("INSERT INTO probe VALUES (zeroblob(65536))")
    try connection.execute("DELETE FROM probe")
  }

  /// Reads batches in order, until `body` returns false.
  ///
  /// - Parameters:
  ///   - position: the first entry of interest; the batch that holds it comes first.
  ///   - body: takes each batch, intact or not.
  /// - Throws: ``StoreError``.
  public func read(from position: Int64 = 1, _ body: (JournalBatch) -> Bool) throws(StoreError) {
    try Self.read(connection, from: position, body)
  }

  /// Reads the journal of a data folder without being its gateway.
  ///
  /// - Throws: ``StoreError``.
  public static func read(folder: String, _ body: (JournalBatch) -> Bool) throws(StoreError) {
    try read(try Connection(path: folder + "/journal.db", readOnly: true), from: 1, body)
  }

  private static func read(_ connection: Connection, from position: Int64, _ body: (JournalBatch) -> Bool)
    throws(StoreError)
  {
    let rows = try connection.prepare(
      "SELECT position, entries, at, lines, crc FROM journal WHERE position + entries > ?1 ORDER BY position")
    rows.bind(1, position)
    while try rows.step() {
      let lines = rows.bytes(3)
      let batch = JournalBatch(
        position: rows.integer(0), entries: rows.integer(1), at: rows.integer(2), lines: lines,
        isIntact: crc(lines) == rows.integer(4))
      guard body(batch) else { return }
    }
  }

  private static func crc(_ bytes: [UInt8]) -> Int64 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      Int64(unsafe crc32(0, buffer.baseAddress, UInt32(buffer.count)))
    }
  }
}
