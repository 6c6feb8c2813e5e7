// Checkpoints: the state at some position of the journal, so that a start need not read all of it.
//
// A run is written in slices between batches. Each series' image carries the position at which it was taken; the state
// of everything else closes the run, and only then the run exists. There is room for three: while one is being
// written, in the place of the oldest, two are complete.

/// A series as it was at a position.
public struct SeriesRow: Hashable, Sendable {
  /// Its number in the city.
  public var series: Int
  /// The last entry that it has seen.
  public var position: Int64
  /// Unix milliseconds at which its counter's last total arrived.
  public var arrival: Int64?
  /// Its snapshot.
  public var bytes: [UInt8]

  /// A series.
  public init(series: Int, position: Int64, arrival: Int64?, bytes: [UInt8]) {
    self.series = series
    self.position = position
    self.arrival = arrival
    self.bytes = bytes
  }
}

/// A piece of a run.
public struct CheckpointSlice: Sendable {
  /// The run's number; each is one more than the one before.
  public var run: Int64
  /// Whether it is the run's first piece.
  public var begins: Bool
  /// Series.
  public var rows: [SeriesRow]
  /// What closes the run.
  public var closing: Checkpoint?

  /// A piece.
  public init(run: Int64, begins: Bool, rows: [SeriesRow], closing: Checkpoint?) {
    self.run = run
    self.begins = begins
    self.rows = rows
    self.closing = closing
  }
}

/// A complete run without its series.
public struct Checkpoint: Hashable, Sendable {
  /// Its number.
  public var run: Int64
  /// The last entry that had been taken in when it began.
  public var first: Int64
  /// The last entry that the state knows of.
  public var last: Int64
  /// Core time when it began, Unix milliseconds.
  public var clock: Int64
  /// Everything that is not a series.
  public var state: [UInt8]
  /// Whether the state is what was written.
  public var isIntact: Bool

  /// A checkpoint.
  public init(run: Int64, first: Int64, last: Int64, clock: Int64, state: [UInt8], isIntact: Bool = true) {
    self.run = run
    self.first = first
    self.last = last
    self.clock = clock
    self.state = state
    self.isIntact = isIntact
  }
}

extension Database {
  /// Runs whose images are on the disk at once.
  private static let slots: Int64 = 3

  private static func identifier(run: Int64, series: Int) -> Int64 { (run % slots) << 32 | Int64(series) }

  func insert(_ slice: CheckpointSlice) throws(StoreError) {
    if slice.begins {
      // Its images are about to be overwritten.
      let gone = try statement("DELETE FROM run WHERE number <= ?1 OR number >= ?2")
      gone.bind(1, slice.run - Self.slots)
      gone.bind(2, slice.run)
      try gone.run()
    }
    let image = try statement(
      "INSERT OR REPLACE INTO image(id, position, arrival, bytes, crc) VALUES (?1, ?2, ?3, ?4, ?5)")
    for row in slice.rows {
      image.bind(1, Self.identifier(run: slice.run, series: row.series))
      image.bind(2, row.position)
      image.bind(3, row.arrival)
      image.bind(4, row.bytes)
      image.bind(5, Self.crc(row, run: slice.run))
      try image.run()
    }
    guard let closing = slice.closing else { return }
    let run = try statement(
      "INSERT INTO run(number, first, last, clock, state, crc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    run.bind(1, closing.run)
    run.bind(2, closing.first)
    run.bind(3, closing.last)
    run.bind(4, closing.clock)
    run.bind(5, closing.state)
    run.bind(6, Self.crc(closing))
    try run.run()
  }

  /// The complete runs, the newest first.
  ///
  /// - Throws: ``StoreError``.
  public func checkpoints() throws(StoreError) -> [Checkpoint] {
    let rows = try connection.prepare("SELECT number, first, last, clock, state, crc FROM run ORDER BY number DESC")
    var runs: [Checkpoint] = []
    while try rows.step() {
      var run = Checkpoint(
        run: rows.integer(0), first: rows.integer(1), last: rows.integer(2), clock: rows.integer(3),
        state: rows.bytes(4))
      run.isIntact = Self.crc(run) == rows.integer(5)
      runs.append(run)
    }
    return runs
  }

  /// The series of a complete run, in the order in which they were taken.
  ///
  /// - Parameters:
  ///   - run: the run's number.
  ///   - count: how many series there are.
  /// - Returns: those that are there and intact.
  /// - Throws: ``StoreError``.
  public func series(ofRun run: Int64, count: Int) throws(StoreError) -> [SeriesRow] {
    let rows = try connection.prepare(
      "SELECT id, position, arrival, bytes, crc FROM image WHERE id >= ?1 AND id < ?2 ORDER BY id")
    rows.bind(1, Self.identifier(run: run, series: 0))
    rows.bind(2, Self.identifier(run: run, series: count))
    var series: [SeriesRow] = []
    series.reserveCapacity(count)
    while try rows.step() {
      let row = SeriesRow(
        series: Int(rows.integer(0) & 0xFFFF_FFFF), position: rows.integer(1),
        arrival: rows.isNull(2) ? nil : rows.integer(2), bytes: rows.bytes(3))
      if Self.crc(row, run: run) == rows.integer(4) { series.append(row) }
    }
    return series
  }

  // The numbers beside the bytes have no checksum of their own.

  private static func crc(_ run: Checkpoint) -> Int64 {
    crc(run.state + Array("\(run.run) \(run.first) \(run.last) \(run.clock)".utf8))
  }

  private static func crc(_ row: SeriesRow, run: Int64) -> Int64 {
    crc(Array("\(run) \(row.series) \(row.position) \(row.arrival ?? -1) ".utf8) + row.bytes.suffix(4))
  }
}
