// The gateway's one file: the journal, and what can be made of it again: checkpoints and history.
//
// All of it goes to the disk in the transaction of a batch, so that no part is ever ahead of another. Tables, schema 3:
//
//   journal(position INTEGER PRIMARY KEY,   number of the batch's first entry, from 1
//           entries INTEGER,                how many entries
//           at INTEGER,                     Unix milliseconds of the last entry
//           upto INTEGER,                   bytes of lines from the first batch ever to the end of this one
//           lines BLOB,                     the entries as lines of a trace
//           crc INTEGER)                    CRC-32 of the lines
//   configuration(position, line, crc)      the entries that are configurations: needed when their batch is long gone
//   run(number, first, last, clock, state, crc)      a complete checkpoint (Database+Checkpoints.swift)
//   image(id, position, arrival, bytes, crc)         its series
//   day(sensor, field, day, start, position, quarters, hours, whole)  history (Database+History.swift)
//   transition(place, at, indicator, position, before, after, reasons)
//   act(position, at, what, by, reason, port, before, after, refusal)       what people on duty did (Database+Acts.swift)
//   coverage(at, people, within)                    who had a place in reach (Database+Coverage.swift)
//   gap(begin, until)                               when the gateway was not there

internal import CSQLite
internal import CZlib

/// What goes to the disk at once: all of it or nothing.
public struct Commit: Sendable {
  /// A batch of the journal.
  public struct Batch: Sendable {
    /// The entries, one a line.
    public var lines: [UInt8]
    /// How many.
    public var entries: Int64
    /// Unix milliseconds of the last.
    public var at: Int64
    /// Those of them that are configurations: which one of the batch, from 0, and its line.
    public var configurations: [(index: Int64, line: [UInt8])]

    /// A batch.
    public init(
      lines: [UInt8], entries: Int64, at: Int64, configurations: [(index: Int64, line: [UInt8])] = []
    ) {
      self.lines = lines
      self.entries = entries
      self.at = at
      self.configurations = configurations
    }
  }

  /// Days of the history that have not come yet.
  public struct Forgotten: Hashable, Sendable {
    /// Civil days after this one, counted from 1970-01-01.
    public var after: Int64
    /// Rows that know of no entry from this one on.
    public var before: Int64

    /// Some days.
    public init(after: Int64, before: Int64) {
      self.after = after
      self.before = before
    }
  }

  /// The batch, if anything arrived.
  public var batch: Batch?
  /// The next piece of a checkpoint.
  public var checkpoint: CheckpointSlice?
  /// Days of the history, as they are now.
  public var days: [HistoryDay] = []
  /// Days that are forgotten first: a clock that ran ahead wrote them.
  public var forget: [Forgotten] = []
  /// Transitions that followed from earlier batches.
  public var transitions: [HistoryTransition] = []
  /// What people on duty did in earlier batches.
  public var acts: [Act] = []
  /// Who had a place in reach.
  public var coverage: [HistoryCoverage] = []
  /// Times of which the gateway knows nothing.
  public var gaps: [HistoryGap] = []
  /// What may go, a little of it at a time.
  public var retention: Retention?

  /// Nothing.
  public init() {}

  /// Whether there is nothing to store.
  public var isEmpty: Bool {
    batch == nil && checkpoint == nil && days.isEmpty && transitions.isEmpty && acts.isEmpty && coverage.isEmpty
      && gaps.isEmpty && retention == nil && forget.isEmpty
  }
}

/// The database of one gateway.
///
/// Confined to the thread or queue of its owner.
public final class Database {
  /// The version of the tables; migrations bring older files up to it.
  public static let schemaVersion: Int64 = 3

  let connection: Connection
  let path: String
  private var statements: [String: Statement] = [:]
  /// Number of the next entry of the journal.
  public internal(set) var nextPosition: Int64 = 1
  /// Bytes of all lines ever stored.
  var bytesEver: Int64 = 0
  /// Whether retention left something for the next time.
  public internal(set) var hasMoreToTrim = false

  /// Opens the database of a data folder, and makes it if there is none.
  ///
  /// - Parameters:
  ///   - folder: the data folder.
  ///   - vfs: the name of SQLite's way to the disk; nil for the system's own. Another one needs no shared memory, and
  ///     nobody else can read the file meanwhile.
  /// - Throws: ``StoreError``, also for a file that a newer version wrote.
  public init(folder: String, vfs: String? = nil) throws(StoreError) {
    path = folder + "/journal.db"
    connection = try Connection(path: path, vfs: vfs)
    // "If the locking mode is EXCLUSIVE when first entering WAL journal mode, […] shared memory is never used"
    // (sqlite.org/wal.html).
    if vfs != nil { try connection.execute("PRAGMA locking_mode = EXCLUSIVE") }
    // Before the first table, or it has no effect without a VACUUM (sqlite.org/pragma.html#pragma_auto_vacuum).
    try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    // WAL with FULL: a commit is on the disk when it returns (sqlite.org/pragma.html#pragma_synchronous).
    try connection.execute("PRAGMA journal_mode = WAL")
    try connection.execute("PRAGMA synchronous = FULL")
    try migrate()
    let last = try statement("SELECT position + entries, upto FROM journal ORDER BY position DESC LIMIT 1")
    if try last.step() {
      nextPosition = last.integer(0)
      bytesEver = last.integer(1)
    }
    last.reset()
    // A number is never given twice, even if the end of the journal was lost: everything else refers to them.
    let known = try statement(
      "SELECT max(coalesce((SELECT max(last) FROM run), 0), coalesce((SELECT max(position) FROM configuration), 0))")
    if try known.step() { nextPosition = max(nextPosition, known.integer(0) + 1) }
    known.reset()
  }

  private func migrate() throws(StoreError) {
    let statement = try connection.prepare("PRAGMA user_version")
    let version = try statement.step() ? statement.integer(0) : 0
    statement.reset()
    guard version <= Self.schemaVersion else {
      throw StoreError(
        code: SQLITE_ERROR, attempt: "opening \(path)",
        detail: "it was written by a newer version (schema \(version), this one knows \(Self.schemaVersion))")
    }
    guard version < Self.schemaVersion else { return }
    try connection.execute("BEGIN IMMEDIATE")
    if version < 2 {
      try connection.execute(version == 1 ? Self.fromSchema1 : Self.journalTable)
      try connection.execute(Self.otherTables)
    }
    try connection.execute(Self.actTable)
    try connection.execute(Self.coverageTable)
    try connection.execute("PRAGMA user_version = \(Self.schemaVersion)")
    try connection.execute("COMMIT")
    // Only so can a file of schema 1 give room back; if there is no room to do it, it stays as large as it is.
    if version == 1 { try? connection.execute("VACUUM") }
  }

  private static let journalTable = """
    CREATE TABLE journal(position INTEGER PRIMARY KEY, entries INTEGER NOT NULL, at INTEGER NOT NULL,
      lines BLOB NOT NULL, crc INTEGER NOT NULL, upto INTEGER NOT NULL DEFAULT 0) STRICT;
    """

  private static let fromSchema1 = """
    ALTER TABLE journal ADD COLUMN upto INTEGER NOT NULL DEFAULT 0;
    UPDATE journal SET upto = sums.upto
      FROM (SELECT position, sum(length(lines)) OVER (ORDER BY position) AS upto FROM journal) AS sums
      WHERE journal.position = sums.position;
    """

  private static let otherTables = """
    CREATE TABLE configuration(position INTEGER PRIMARY KEY, line BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
    CREATE TABLE run(number INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL,
      clock INTEGER NOT NULL, state BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
    CREATE TABLE image(id INTEGER PRIMARY KEY, position INTEGER NOT NULL, arrival INTEGER, bytes BLOB NOT NULL,
      crc INTEGER NOT NULL) STRICT;
    CREATE TABLE day(sensor TEXT NOT NULL, field TEXT NOT NULL, day INTEGER NOT NULL, start INTEGER NOT NULL,
      position INTEGER NOT NULL, quarters BLOB, hours BLOB NOT NULL, whole BLOB NOT NULL,
      UNIQUE(sensor, field, day)) STRICT;
    CREATE INDEX day_by_day ON day(day);
    CREATE INDEX day_with_quarters ON day(day) WHERE quarters IS NOT NULL;
    CREATE TABLE transition(place TEXT NOT NULL, at INTEGER NOT NULL, indicator TEXT NOT NULL,
      position INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, reasons TEXT NOT NULL,
      PRIMARY KEY(place, at, indicator, position)) STRICT, WITHOUT ROWID;
    CREATE INDEX transition_by_time ON transition(at);
    CREATE INDEX transition_by_position ON transition(position, at);
    """

  /// A statement that is prepared once.
  func statement(_ sql: String) throws(StoreError) -> Statement {
    if let known = statements[sql] { return known }
    let statement = try connection.prepare(sql)
    statements[sql] = statement
    return statement
  }

  /// Stores all of it; it is on the disk when this returns.
  ///
  /// - Throws: ``StoreError``; then nothing of it is stored.
  public func commit(_ commit: Commit) throws(StoreError) {
    guard !commit.isEmpty else { return }
    try connection.execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      if let batch = commit.batch { try insert(batch) }
      if let slice = commit.checkpoint { try insert(slice) }
      for days in commit.forget { try forget(days) }
      for day in commit.days { try put(day) }
      for transition in commit.transitions { try insert(transition) }
      for act in commit.acts { try insert(act) }
      for moment in commit.coverage { try insert(moment) }
      for gap in commit.gaps { try insert(gap) }
      if let retention = commit.retention { hasMoreToTrim = try trim(retention) }
      try connection.execute("COMMIT")
    } catch {
      // "It is recommended that applications respond to [full, I/O, memory errors] by explicitly issuing a ROLLBACK
      // command. If the transaction has already been rolled back […] then the ROLLBACK command will fail […] no harm is
      // caused" (sqlite.org/lang_transaction.html).
      try? connection.execute("ROLLBACK")
      throw error
    }
    guard let batch = commit.batch else { return }
    nextPosition += batch.entries
    bytesEver += Int64(batch.lines.count)
  }

  /// Whether the disk takes a write now: makes one and takes it back.
  ///
  /// - Throws: ``StoreError`` when it does not.
  public func probe() throws(StoreError) {
    try connection.execute("CREATE TABLE IF NOT EXISTS probe(x BLOB) STRICT")
    try connection.execute("INSERT INTO probe VALUES (zeroblob(65536))")
    try connection.execute("DELETE FROM probe")
  }

  static func crc(_ bytes: [UInt8]) -> Int64 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      Int64(unsafe crc32(0, buffer.baseAddress, UInt32(buffer.count)))
    }
  }
}
