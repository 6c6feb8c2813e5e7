// Who had a cool place in reach, one row a quarter of an hour, and when the gateway was not there to know: made with
// the history and kept as long.

/// A quarter of an hour of coverage.
public struct HistoryCoverage: Hashable, Sendable {
  /// Unix milliseconds.
  public var at: Int64
  /// All people.
  public var people: Int64
  /// People with a place within each distance, the shortest first.
  public var covered: [Int64]

  /// A quarter of an hour.
  public init(at: Int64, people: Int64, covered: [Int64]) {
    self.at = at
    self.people = people
    self.covered = covered
  }
}

/// A time that the gateway's clock leapt over: it was off, or the machine slept.
public struct HistoryGap: Hashable, Sendable {
  /// Unix milliseconds.
  public var from: Int64
  /// Unix milliseconds.
  public var until: Int64

  /// A gap.
  public init(from: Int64, until: Int64) { (self.from, self.until) = (from, until) }
}

extension Database {
  static let coverageTable = """
    CREATE TABLE coverage(at INTEGER PRIMARY KEY, people INTEGER NOT NULL, within TEXT NOT NULL) STRICT;
    CREATE TABLE gap(begin INTEGER PRIMARY KEY, until INTEGER NOT NULL) STRICT;
    """

  func insert(_ gap: HistoryGap) throws(StoreError) {
    let row = try statement("INSERT OR REPLACE INTO gap(begin, until) VALUES (?1, ?2)")
    row.bind(1, gap.from)
    row.bind(2, gap.until)
    try row.run()
  }

  /// Stores a moment; where the clock was set back, what holds now replaces what held then.
  func insert(_ moment: HistoryCoverage) throws(StoreError) {
    let row = try statement("INSERT OR REPLACE INTO coverage(at, people, within) VALUES (?1, ?2, ?3)")
    row.bind(1, moment.at)
    row.bind(2, moment.people)
    row.bind(3, moment.covered.map(String.init).joined(separator: " "))
    try row.run()
  }
}

extension HistoryReader {
  /// When the gateway was not there, in order, as far as it touches a range of Unix milliseconds.
  ///
  /// - Throws: ``StoreError``.
  public func gaps(from: Int64, to: Int64) throws(StoreError) -> [HistoryGap] {
    let rows = try connection.prepare("SELECT begin, until FROM gap WHERE until > ?1 AND begin < ?2 ORDER BY begin")
    rows.bind(1, from)
    rows.bind(2, to)
    var found: [HistoryGap] = []
    while try rows.step() { found.append(HistoryGap(from: rows.integer(0), until: rows.integer(1))) }
    return found
  }

  /// Quarters of an hour of coverage, in order.
  ///
  /// - Parameters:
  ///   - from: Unix milliseconds.
  ///   - to: Unix milliseconds, not part of the range.
  /// - Returns: those that are known; none where nobody has said where people live.
  /// - Throws: ``StoreError``.
  public func coverage(from: Int64, to: Int64) throws(StoreError) -> [HistoryCoverage] {
    let rows = try connection.prepare("SELECT at, people, within FROM coverage WHERE at >= ?1 AND at < ?2 ORDER BY at")
    rows.bind(1, from)
    rows.bind(2, to)
    var found: [HistoryCoverage] = []
    while try rows.step() {
      let covered = rows.text(2).split(separator: " ").compactMap { Int64($0) }
      found.append(HistoryCoverage(at: rows.integer(0), people: rows.integer(1), covered: covered))
    }
    return found
  }
}
