// The journal: one row a batch, committed before anything of it is acknowledged.

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
  /// Whether nothing of it is there.
  public var isMissing = false
  /// Of a batch that is damaged or missing: its configurations, which are stored a second time.
  public var configurations: [StoredConfiguration] = []
}

/// A configuration that was once put into effect.
public struct StoredConfiguration: Hashable, Sendable {
  /// Number of its entry.
  public var position: Int64
  /// Its line in the journal.
  public var line: [UInt8]
}

extension Database {
  func insert(_ batch: Commit.Batch) throws(StoreError) {
    let journal = try statement(
      "INSERT INTO journal(position, entries, at, upto, lines, crc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    journal.bind(1, nextPosition)
    journal.bind(2, batch.entries)
    journal.bind(3, batch.at)
    journal.bind(4, bytesEver + Int64(batch.lines.count))
    journal.bind(5, batch.lines)
    journal.bind(6, Self.crc(batch.lines))
    try journal.run()
    for (index, line) in batch.configurations {
      let configuration = try statement("INSERT INTO configuration(position, line, crc) VALUES (?1, ?2, ?3)")
      configuration.bind(1, nextPosition + index)
      configuration.bind(2, line)
      configuration.bind(3, Self.crc(line))
      try configuration.run()
    }
  }

  /// Reads batches in order, until `body` returns false.
  ///
  /// - Parameters:
  ///   - position: the first entry of interest; the batch that holds it comes first.
  ///   - body: takes each batch, intact or not.
  /// - Throws: ``StoreError``.
  public func read(from position: Int64 = 1, _ body: (JournalBatch) throws(StoreError) -> Bool) throws(StoreError) {
    try Self.read(connection, from: position, body)
  }

  /// Reads the journal of a data folder without being its gateway.
  ///
  /// - Parameters:
  ///   - folder: the data folder.
  ///   - configuration: takes the configuration in force before the first batch, where that is no longer there.
  ///   - body: takes each batch, until it returns false.
  /// - Throws: ``StoreError``.
  public static func read(
    folder: String, configuration: (StoredConfiguration) -> Void = { _ in }, _ body: (JournalBatch) -> Bool
  ) throws(StoreError) {
    let connection = try Connection(path: folder + "/journal.db", readOnly: true)
    // One moment for both: a gateway may be deleting what is old.
    try connection.execute("BEGIN")
    let first = try connection.prepare("SELECT min(position) FROM journal")
    let start = try first.step() ? first.integer(0) : 1
    first.reset()
    if let before = try self.configuration(connection, before: start) { configuration(before) }
    try read(connection, from: start, body)
    try connection.execute("COMMIT")
  }

  private static func read(
    _ connection: Connection, from position: Int64, _ body: (JournalBatch) throws(StoreError) -> Bool
  ) throws(StoreError) {
    // No batch begins after the last one at or before the position.
    let rows = try connection.prepare(
      """
      SELECT position, entries, at, lines, crc FROM journal
      WHERE position >= coalesce((SELECT max(position) FROM journal WHERE position <= ?1), 0)
        AND position + entries > ?1
      ORDER BY position
      """)
    rows.bind(1, position)
    var expected = position
    while try rows.step() {
      let lines = rows.bytes(3)
      var batch = JournalBatch(
        position: rows.integer(0), entries: rows.integer(1), at: rows.integer(2), lines: lines,
        isIntact: crc(lines) == rows.integer(4))
      if batch.position > expected {
        var missing = try lost(connection, from: expected, count: batch.position - expected, at: batch.at)
        missing.isMissing = true
        guard try body(missing) else { return }
      }
      if !batch.isIntact { batch = try lost(connection, from: batch.position, count: batch.entries, at: batch.at) }
      guard try body(batch) else { return }
      expected = batch.position + batch.entries
    }
  }

  /// A batch of which only its configurations are left.
  private static func lost(
    _ connection: Connection, from position: Int64, count: Int64, at: Int64
  ) throws(StoreError) -> JournalBatch {
    let rows = try connection.prepare(
      "SELECT position, line, crc FROM configuration WHERE position >= ?1 AND position < ?2 ORDER BY position")
    rows.bind(1, position)
    rows.bind(2, position + count)
    var batch = JournalBatch(position: position, entries: count, at: at, lines: [], isIntact: false)
    while try rows.step() {
      if let stored = intactConfiguration(rows) { batch.configurations.append(stored) }
    }
    return batch
  }

  /// A row of position, line and checksum; nil if it is damaged.
  private static func intactConfiguration(_ row: Statement) -> StoredConfiguration? {
    let line = row.bytes(1)
    return crc(line) == row.integer(2) ? StoredConfiguration(position: row.integer(0), line: line) : nil
  }

  /// When the first batch that is left ended, Unix milliseconds.
  ///
  /// - Throws: ``StoreError``.
  public func firstMoment() throws(StoreError) -> Int64? {
    let first = try statement("SELECT at FROM journal ORDER BY position LIMIT 1")
    defer { first.reset() }
    return try first.step() ? first.integer(0) : nil
  }

  /// Number of the first entry that the journal still holds; the next one's where it holds none.
  ///
  /// - Throws: ``StoreError``.
  public func firstPosition() throws(StoreError) -> Int64 {
    let first = try statement("SELECT min(position) FROM journal")
    defer { first.reset() }
    return try first.step() && !first.isNull(0) ? first.integer(0) : nextPosition
  }

  /// The configuration in force when an entry came.
  ///
  /// - Parameter position: the entry's number.
  /// - Returns: the last configuration before it; nil if there was none or it is damaged.
  /// - Throws: ``StoreError``.
  public func configuration(before position: Int64) throws(StoreError) -> StoredConfiguration? {
    try Self.configuration(connection, before: position)
  }

  private static func configuration(_ connection: Connection, before position: Int64) throws(StoreError)
    -> StoredConfiguration?
  {
    let row = try connection.prepare(
      "SELECT position, line, crc FROM configuration WHERE position < ?1 ORDER BY position DESC LIMIT 1")
    row.bind(1, position)
    return try row.step() ? intactConfiguration(row) : nil
  }
}
