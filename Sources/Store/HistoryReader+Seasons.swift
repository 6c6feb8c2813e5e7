// The history read for a season: series by series and place by place, in short questions, so that a gateway which
// writes beside it is never kept from tidying up.

/// The hours of one civil day of one series.
public struct HistoryHours: Hashable, Sendable {
  /// The beginning of the day, Unix milliseconds.
  public var start: Int64
  /// Its hours, packed.
  public var hours: [UInt8]

  /// A day.
  public init(start: Int64, hours: [UInt8]) { (self.start, self.hours) = (start, hours) }
}

/// A state of an indicator that ended, and the one that began.
public struct HistoryChange: Hashable, Sendable {
  /// Unix milliseconds.
  public var at: Int64
  /// The indicator's name.
  public var indicator: String
  /// The state before.
  public var before: String
  /// The state since.
  public var after: String

  /// A change.
  public init(at: Int64, indicator: String, before: String, after: String) {
    (self.at, self.indicator, self.before, self.after) = (at, indicator, before, after)
  }
}

extension HistoryReader {
  /// The hours of a series, in order of days.
  ///
  /// - Parameters:
  ///   - sensor: the sensor's identifier.
  ///   - field: the field's name.
  ///   - days: civil days, counted from 1970-01-01.
  /// - Returns: the days that are stored.
  /// - Throws: ``StoreError``.
  public func hours(sensor: String, field: String, days: ClosedRange<Int64>) throws(StoreError) -> [HistoryHours] {
    let rows = try connection.prepare(
      "SELECT start, hours FROM day WHERE sensor = ?1 AND field = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day")
    rows.bind(1, sensor)
    rows.bind(2, field)
    rows.bind(3, days.lowerBound)
    rows.bind(4, days.upperBound)
    var found: [HistoryHours] = []
    while try rows.step() { found.append(HistoryHours(start: rows.integer(0), hours: rows.bytes(1))) }
    return found
  }

  /// The quarter hours of all series on a civil day; the hours of those whose quarter hours have been let go.
  ///
  /// - Parameter day: counted from 1970-01-01.
  /// - Returns: one row a series that has the day; how many buckets it holds tells which of the two they are.
  /// - Throws: ``StoreError``.
  public func finest(ofDay day: Int64) throws(StoreError) -> [HistoryHours] {
    let rows = try connection.prepare("SELECT start, coalesce(quarters, hours) FROM day WHERE day = ?1")
    rows.bind(1, day)
    var found: [HistoryHours] = []
    while try rows.step() { found.append(HistoryHours(start: rows.integer(0), hours: rows.bytes(1))) }
    return found
  }

  /// The first and the last civil day that is stored of any series; nil if none is.
  ///
  /// - Throws: ``StoreError``.
  public func storedDays() throws(StoreError) -> ClosedRange<Int64>? {
    let days = try connection.prepare("SELECT (SELECT min(day) FROM day), (SELECT max(day) FROM day)")
    guard try days.step(), !days.isNull(0) else { return nil }
    return days.integer(0)...days.integer(1)
  }

  /// The first civil day that is stored of a series, counted from 1970-01-01; nil if none is.
  ///
  /// - Throws: ``StoreError``.
  public func firstDay(sensor: String, field: String) throws(StoreError) -> Int64? {
    let day = try connection.prepare("SELECT min(day) FROM day WHERE sensor = ?1 AND field = ?2")
    day.bind(1, sensor)
    day.bind(2, field)
    return try day.step() && !day.isNull(0) ? day.integer(0) : nil
  }

  /// When the first and the last transition of any place happened; nil if there is none.
  ///
  /// - Throws: ``StoreError``.
  public func storedChanges() throws(StoreError) -> ClosedRange<Int64>? {
    let times = try connection.prepare("SELECT (SELECT min(at) FROM transition), (SELECT max(at) FROM transition)")
    guard try times.step(), !times.isNull(0) else { return nil }
    return times.integer(0)...times.integer(1)
  }

  /// Hands over the changes of a place's availability, opening and occupancy in order of time.
  ///
  /// - Parameters:
  ///   - place: the place's identifier.
  ///   - from: Unix milliseconds.
  ///   - to: Unix milliseconds, not part of the range.
  ///   - body: takes a change.
  /// - Throws: ``StoreError``.
  public func changes(
    of place: String, from: Int64, to: Int64, _ body: (HistoryChange) -> Void
  ) throws(StoreError) {
    let rows = try connection.prepare(
      """
      SELECT at, indicator, before, after FROM transition
      WHERE place = ?1 AND at >= ?2 AND at < ?3 AND indicator IN ('availability', 'opening', 'occupancy')
      ORDER BY at, indicator, position
      """)
    rows.bind(1, place)
    rows.bind(2, from)
    rows.bind(3, to)
    while try rows.step() {
      body(
        HistoryChange(at: rows.integer(0), indicator: rows.text(1), before: rows.text(2), after: rows.text(3)))
    }
  }

  /// What an indicator of a place was before a moment; nil where nothing is stored of it.
  ///
  /// - Parameters:
  ///   - indicator: the indicator's name.
  ///   - place: the place's identifier.
  ///   - moment: Unix milliseconds.
  /// - Returns: the state's name.
  /// - Throws: ``StoreError``.
  public func state(_ indicator: String, of place: String, before moment: Int64) throws(StoreError) -> String? {
    let row = try connection.prepare(
      """
      SELECT after FROM transition WHERE place = ?1 AND indicator = ?2 AND at < ?3
      ORDER BY at DESC, position DESC LIMIT 1
      """)
    row.bind(1, place)
    row.bind(2, indicator)
    row.bind(3, moment)
    return try row.step() ? row.text(0) : nil
  }
}
