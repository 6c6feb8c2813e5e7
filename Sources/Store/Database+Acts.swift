// What people on duty did: the audit log. One row a command of the journal, made with the history and kept as long.

/// A command and what became of it.
public struct Act: Hashable, Sendable {
  /// The entry of the journal.
  public var position: Int64
  /// Unix milliseconds.
  public var at: Int64
  /// The command's topic.
  public var what: String
  /// Who gave it, as far as it says.
  public var by: String?
  /// Why, as far as it says.
  public var reason: String?
  /// Whether it came by the operators' port, which knows who acts.
  public var isFromPort: Bool
  /// What held before.
  public var before: String
  /// What holds after.
  public var after: String
  /// Why it was refused, if so.
  public var refusal: String?

  /// An act.
  public init(
    position: Int64, at: Int64, what: String, by: String?, reason: String?, isFromPort: Bool, before: String,
    after: String, refusal: String?
  ) {
    self.position = position
    self.at = at
    self.what = what
    self.by = by
    self.reason = reason
    self.isFromPort = isFromPort
    self.before = before
    self.after = after
    self.refusal = refusal
  }
}

extension Database {
  static let actTable = """
    CREATE TABLE act(position INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, by TEXT, reason TEXT,
      port INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, refusal TEXT) STRICT;
    CREATE INDEX act_by_time ON act(at);
    """

  /// Stores an act; one that is there already was made again by a recovery, and is the same.
  func insert(_ act: Act) throws(StoreError) {
    let row = try statement(
      """
      INSERT OR IGNORE INTO act(position, at, what, by, reason, port, before, after, refusal)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """)
    row.bind(1, act.position)
    row.bind(2, act.at)
    row.bind(3, act.what)
    row.bind(4, act.by)
    row.bind(5, act.reason)
    row.bind(6, Int64(act.isFromPort ? 1 : 0))
    row.bind(7, act.before)
    row.bind(8, act.after)
    row.bind(9, act.refusal)
    try row.run()
  }
}

extension HistoryReader {
  /// What people on duty did, the newest first.
  ///
  /// - Parameters:
  ///   - before: entries of the journal before this one; nil for the newest.
  ///   - limit: how many at most.
  /// - Returns: the acts.
  /// - Throws: ``StoreError``.
  public func acts(before: Int64? = nil, limit: Int64) throws(StoreError) -> [Act] {
    let rows = try connection.prepare(
      """
      SELECT position, at, what, by, reason, port, before, after, refusal FROM act
      WHERE position < ?1 ORDER BY position DESC LIMIT ?2
      """)
    rows.bind(1, before ?? .max)
    rows.bind(2, limit)
    var acts: [Act] = []
    while try rows.step() {
      func text(_ index: Int32) -> String? { rows.isNull(index) ? nil : rows.text(index) }
      acts.append(
        Act(
          position: rows.integer(0), at: rows.integer(1), what: rows.text(2), by: text(3), reason: text(4),
          isFromPort: rows.integer(5) == 1, before: rows.text(6), after: rows.text(7), refusal: text(8)))
    }
    return acts
  }
}
