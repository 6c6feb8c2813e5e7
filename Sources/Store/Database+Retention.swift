// Retention: what is old goes, a little with each commit, and the file gives its room back.

/// What may go.
public struct Retention: Hashable, Sendable {
  /// Batches of the journal before this moment, Unix milliseconds.
  public var journalBefore: Int64
  /// The oldest batches while the journal has more bytes of lines than this.
  public var journalBytes: Int64
  /// Quarter hours of civil days before this one.
  public var quartersBefore: Int64
  /// Civil days before this one.
  public var daysBefore: Int64
  /// Transitions, acts and coverage before this moment, Unix milliseconds.
  public var transitionsBefore: Int64

  /// What may go.
  public init(
    journalBefore: Int64, journalBytes: Int64, quartersBefore: Int64, daysBefore: Int64, transitionsBefore: Int64
  ) {
    self.journalBefore = journalBefore
    self.journalBytes = journalBytes
    self.quartersBefore = quartersBefore
    self.daysBefore = daysBefore
    self.transitionsBefore = transitionsBefore
  }
}

extension Database {
  /// Bytes of the journal, rows of history and pages of the file that go with one commit at most.
  private static let bytes: Int64 = 2 << 20
  private static let rows: Int64 = 64
  private static let pages: Int64 = 256
  /// Free pages that may lie idle: what comes next needs them.
  private static let idlePages: Int64 = 1024

  /// Lets a little go.
  ///
  /// - Returns: whether there may be more.
  func trim(_ retention: Retention) throws(StoreError) -> Bool {
    var hasMore = try trimJournal(retention)
    for (sql, limit) in [
      (
        """
        UPDATE day SET quarters = NULL WHERE rowid IN
          (SELECT rowid FROM day WHERE day < ?1 AND quarters IS NOT NULL LIMIT ?2)
        """, retention.quartersBefore
      ),
      ("DELETE FROM day WHERE rowid IN (SELECT rowid FROM day WHERE day < ?1 LIMIT ?2)", retention.daysBefore),
      (
        """
        DELETE FROM transition WHERE (place, at, indicator, position) IN
          (SELECT place, at, indicator, position FROM transition AS old WHERE at < ?1 AND EXISTS
            (SELECT 1 FROM transition AS later WHERE later.place = old.place AND later.at > old.at AND later.at < ?1
              AND later.indicator = old.indicator) LIMIT ?2)
        """, retention.transitionsBefore
      ),
      ("DELETE FROM gap WHERE begin IN (SELECT begin FROM gap WHERE until < ?1 LIMIT ?2)", retention.transitionsBefore),
      (
        "DELETE FROM coverage WHERE at IN (SELECT at FROM coverage WHERE at < ?1 LIMIT ?2)", retention.transitionsBefore
      ),
      (
        "DELETE FROM act WHERE position IN (SELECT position FROM act WHERE at < ?1 LIMIT ?2)",
        retention.transitionsBefore
      ),
    ] {
      let row = try statement(sql)
      row.bind(1, limit)
      row.bind(2, Self.rows)
      try row.run()
      hasMore = hasMore || connection.changes == Self.rows
    }
    let free = try statement("PRAGMA freelist_count")
    let idle = try free.step() ? free.integer(0) : 0
    free.reset()
    guard idle > Self.idlePages else { return hasMore }
    try connection.execute("PRAGMA incremental_vacuum(\(Self.pages))")
    return true
  }

  /// Deletes the oldest batches that are too old or too many, and that no checkpoint needs.
  private func trimJournal(_ retention: Retention) throws(StoreError) -> Bool {
    let oldest = try statement("SELECT min(first) FROM run")
    let needed = try oldest.step() && !oldest.isNull(0) ? oldest.integer(0) : 0
    oldest.reset()
    let rows = try statement("SELECT position + entries - 1, at, upto, length(lines) FROM journal ORDER BY position")
    defer { rows.reset() }
    var last: Int64?
    var bytes: Int64 = 0
    while bytes < Self.bytes, try rows.step() {
      let held = bytesEver - rows.integer(2) + rows.integer(3)
      // The last batch stays, whatever its age: it says which number comes next.
      guard rows.integer(0) <= needed, rows.integer(0) < nextPosition - 1,
        rows.integer(1) < retention.journalBefore || held > retention.journalBytes
      else { break }
      last = rows.integer(0)
      bytes += rows.integer(3)
    }
    rows.reset()
    guard let last else { return false }
    let batches = try statement("DELETE FROM journal WHERE position <= ?1")
    batches.bind(1, last)
    try batches.run()
    // The one that was in force at the first entry that is left stays.
    let configurations = try statement(
      """
      DELETE FROM configuration WHERE position <
        (SELECT max(position) FROM configuration WHERE position <= ?1)
      """)
    configurations.bind(1, last)
    try configurations.run()
    return bytes >= Self.bytes
  }

  /// Bytes of lines that the journal holds.
  ///
  /// - Throws: ``StoreError``.
  public func journalBytes() throws(StoreError) -> Int64 {
    let first = try statement("SELECT upto - length(lines) FROM journal ORDER BY position LIMIT 1")
    defer { first.reset() }
    return try first.step() ? bytesEver - first.integer(0) : 0
  }
}
