// History: what the rings forget. One row a series and civil day, and every transition of every place.
//
// Each row carries the position of the journal up to which it is true: what is added to it, and not set, is added once.

/// One civil day of one series.
public struct HistoryDay: Hashable, Sendable {
  /// The sensor's identifier.
  public var sensor: String
  /// The field's name.
  public var field: String
  /// Days since 1970-01-01 of the civil day.
  public var day: Int64
  /// Its beginning, Unix milliseconds.
  public var start: Int64
  /// The last entry of the journal that it knows of.
  public var position: Int64
  /// Its quarter hours, packed; nil when they have been let go.
  public var quarters: [UInt8]?
  /// Its hours, packed.
  public var hours: [UInt8]
  /// The day as one, packed.
  public var whole: [UInt8]

  /// A day.
  public init(
    sensor: String, field: String, day: Int64, start: Int64, position: Int64, quarters: [UInt8]?, hours: [UInt8],
    whole: [UInt8]
  ) {
    self.sensor = sensor
    self.field = field
    self.day = day
    self.start = start
    self.position = position
    self.quarters = quarters
    self.hours = hours
    self.whole = whole
  }
}

/// One change of one indicator of a place.
public struct HistoryTransition: Hashable, Sendable {
  /// The place's identifier.
  public var place: String
  /// Unix milliseconds.
  public var at: Int64
  /// The indicator's name.
  public var indicator: String
  /// The last entry of the journal before it.
  public var position: Int64
  /// The state before.
  public var before: String
  /// The state since.
  public var after: String
  /// Why, by name.
  public var reasons: [String]

  /// A transition.
  public init(
    place: String, at: Int64, indicator: String, position: Int64, before: String, after: String, reasons: [String]
  ) {
    self.place = place
    self.at = at
    self.indicator = indicator
    self.position = position
    self.before = before
    self.after = after
    self.reasons = reasons
  }
}

extension Database {
  private static let dayColumns = "sensor, field, day, start, position, quarters, hours, whole"

  func put(_ day: HistoryDay) throws(StoreError) {
    let row = try statement(
      "INSERT OR REPLACE INTO day(\(Self.dayColumns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
    row.bind(1, day.sensor)
    row.bind(2, day.field)
    row.bind(3, day.day)
    row.bind(4, day.start)
    row.bind(5, day.position)
    row.bind(6, day.quarters)
    row.bind(7, day.hours)
    row.bind(8, day.whole)
    try row.run()
  }

  /// When the last transition after the last entry happened, Unix milliseconds; nil if there is none.
  ///
  /// - Throws: ``StoreError``.
  public func lastTransition() throws(StoreError) -> Int64? {
    let last = try statement("SELECT max(at) FROM transition WHERE position = ?1")
    defer { last.reset() }
    last.bind(1, nextPosition - 1)
    return try last.step() && !last.isNull(0) ? last.integer(0) : nil
  }

  func forget(_ days: Commit.Forgotten) throws(StoreError) {
    let rows = try statement("DELETE FROM day WHERE day > ?1 AND position < ?2")
    rows.bind(1, days.after)
    rows.bind(2, days.before)
    try rows.run()
  }

  /// Stores a transition; one that is there already was made again by a recovery, and is the same.
  func insert(_ transition: HistoryTransition) throws(StoreError) {
    let row = try statement(
      """
      INSERT OR IGNORE INTO transition(place, at, indicator, position, before, after, reasons)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """)
    row.bind(1, transition.place)
    row.bind(2, transition.at)
    row.bind(3, transition.indicator)
    row.bind(4, transition.position)
    row.bind(5, transition.before)
    row.bind(6, transition.after)
    row.bind(7, transition.reasons.joined(separator: " "))
    try row.run()
  }

  /// All transitions and all days, for those who compare two histories.
  ///
  /// - Throws: ``StoreError``.
  public func wholeHistory() throws(StoreError) -> (days: [HistoryDay], transitions: [HistoryTransition]) {
    let transitions = try Self.transitions(connection, place: nil, from: .min, to: .max, limit: .max)
    let names = try connection.prepare("SELECT DISTINCT sensor, field FROM day ORDER BY sensor, field")
    var days: [HistoryDay] = []
    while try names.step() {
      days += try Self.days(connection, sensor: names.text(0), field: names.text(1), days: .min ... .max)
    }
    return (days, transitions)
  }

  /// The series that have a row of a day.
  ///
  /// - Throws: ``StoreError``.
  public func names(ofDay day: Int64) throws(StoreError) -> [(sensor: String, field: String)] {
    let rows = try connection.prepare("SELECT sensor, field FROM day WHERE day = ?1 ORDER BY sensor, field")
    rows.bind(1, day)
    var names: [(sensor: String, field: String)] = []
    while try rows.step() { names.append((rows.text(0), rows.text(1))) }
    return names
  }

  /// One day of one series; nil if there is none.
  ///
  /// - Throws: ``StoreError``.
  public func day(_ day: Int64, sensor: String, field: String) throws(StoreError) -> HistoryDay? {
    try Self.days(connection, sensor: sensor, field: field, days: day...day).first
  }

  static func days(_ connection: Connection, sensor: String, field: String, days: ClosedRange<Int64>)
    throws(StoreError) -> [HistoryDay]
  {
    let rows = try connection.prepare(
      "SELECT \(dayColumns) FROM day WHERE sensor = ?1 AND field = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day")
    rows.bind(1, sensor)
    rows.bind(2, field)
    rows.bind(3, days.lowerBound)
    rows.bind(4, days.upperBound)
    var found: [HistoryDay] = []
    while try rows.step() {
      found.append(
        HistoryDay(
          sensor: rows.text(0), field: rows.text(1), day: rows.integer(2), start: rows.integer(3),
          position: rows.integer(4), quarters: rows.isNull(5) ? nil : rows.bytes(5), hours: rows.bytes(6),
          whole: rows.bytes(7)))
    }
    return found
  }
}

extension Database {
  fileprivate static func transitions(
    _ connection: Connection, place: String?, from: Int64, to: Int64, limit: Int64
  ) throws(StoreError) -> [HistoryTransition] {
    let rows = try connection.prepare(
      """
      SELECT place, at, indicator, position, before, after, reasons FROM transition
      WHERE at >= ?1 AND at < ?2 \(place == nil ? "" : "AND place = ?4") ORDER BY at, place, indicator LIMIT ?3
      """)
    rows.bind(1, from)
    rows.bind(2, to)
    rows.bind(3, limit)
    if let place { rows.bind(4, place) }
    var found: [HistoryTransition] = []
    while try rows.step() {
      found.append(
        HistoryTransition(
          place: rows.text(0), at: rows.integer(1), indicator: rows.text(2), position: rows.integer(3),
          before: rows.text(4), after: rows.text(5), reasons: rows.text(6).split(separator: " ").map(String.init)))
    }
    return found
  }
}

/// The history of a data folder, read beside the gateway that writes it.
///
/// `@unchecked Sendable`: SQLite serialises the calls of a connection that was opened with `SQLITE_OPEN_FULLMUTEX`, and
/// no statement is shared between two calls.
public final class HistoryReader: @unchecked Sendable {
  let connection: Connection
  private let folder: String

  /// Opens the history of a data folder whose database exists.
  ///
  /// - Throws: ``StoreError``.
  public init(folder: String) throws(StoreError) {
    connection = try Connection(path: folder + "/journal.db", readOnly: true, isShared: true)
    self.folder = folder
  }

  /// Room on the disk of the data folder; nil when the file system does not answer.
  public var storage: StorageUse? { StorageUse(folder: folder) }

  /// Days of a series, in order.
  ///
  /// - Throws: ``StoreError``.
  public func days(sensor: String, field: String, days: ClosedRange<Int64>) throws(StoreError) -> [HistoryDay] {
    try Database.days(connection, sensor: sensor, field: field, days: days)
  }

  /// Transitions of a place, or of all, in order of time.
  ///
  /// - Parameters:
  ///   - place: the place's identifier; nil for all.
  ///   - from: Unix milliseconds.
  ///   - to: Unix milliseconds, not part of the range.
  ///   - limit: how many at most.
  /// - Returns: the first ones of the range.
  /// - Throws: ``StoreError``.
  public func transitions(place: String?, from: Int64, to: Int64, limit: Int64) throws(StoreError)
    -> [HistoryTransition]
  {
    try Database.transitions(connection, place: place, from: from, to: to, limit: limit)
  }
}
