// What the history asks of the series: which quarter hours it does not know yet, and what they hold.
//
// A quarter hour that the rings hold whole is written when it has closed, and again when it has changed: what the rings
// say replaces what stood there. Of others the history is told piece by piece, and each piece is added once.

public import Quantities
public import RingSeries
internal import SensorProtocol

/// Something that the history must take as it comes, or the rings will have forgotten it.
public struct HistoryPiece: Hashable, Sendable {
  /// The sensor's identifier.
  public let sensor: String
  /// The field's name.
  public let field: String
  /// A moment of its quarter hour.
  public let time: Instant
  /// The readings.
  public let bucket: Bucket
  /// Whether they are all that there is of the quarter hour; otherwise they are added.
  public let replaces: Bool
}

extension CityState {
  /// Notes that a quarter hour has changed, or makes the piece that tells of it.
  mutating func remember(_ entered: Entered) -> HistoryPiece? {
    let series = entered.series.rawValue
    let quarter = quarter(of: entered.time)
    guard quarter < bank.heldFrom(of: entered.series, ring: City.quarters) else {
      noteUnwritten(quarter, of: entered.series)
      return nil
    }
    let name = name(ofSeries: series)
    let sample = Sample(time: entered.time.milliseconds, value: entered.value, seconds: entered.seconds)
    let isSound = bank.kind(of: entered.series).measure == .sound
    return HistoryPiece(
      sensor: name.sensor, field: name.field, time: entered.time, bucket: Bucket(sample, isSound: isSound),
      replaces: false)
  }

  /// The beginning of the quarter hour that holds a moment, Unix milliseconds.
  func quarter(of moment: Instant) -> Int64 { moment.floored(toMilliseconds: City.quarter).milliseconds }

  /// The history does not know a quarter hour as it is.
  mutating func noteUnwritten(_ quarter: Int64, of series: SeriesIndex) {
    unwritten[series.rawValue] = min(unwritten[series.rawValue], quarter)
  }

  /// What the history does not know of all series.
  public mutating func takeUnwritten(until now: Instant) -> [HistoryPiece] {
    var pieces: [HistoryPiece] = []
    for series in unwritten.indices where unwritten[series] < now.milliseconds {
      // The first may have lost its readings to a step of the clock; of the others only those that hold some are kept.
      let last = lastPieces(ofSeries: series, at: min(now, Instant(milliseconds: bank.clock)))
      pieces += last.prefix(1) + last.dropFirst().filter { $0.bucket.count > 0 }
      unwritten[series] = .max
    }
    return pieces
  }

  /// What the history does not know of a series that is about to go, to the running quarter hour.
  func lastPieces(ofSeries series: Int, at now: Instant) -> [HistoryPiece] {
    guard let from = unwrittenFrom(series: series) else { return [] }
    let name = name(ofSeries: series)
    let end = (now + .minutes(2)).floored(toMilliseconds: City.quarter) + .milliseconds(City.quarter)
    guard from < end else { return [] }
    let held = quarters(ofSeries: series, from: from, to: end)
    return held.buckets.enumerated().compactMap { number, bucket in
      let start = from + .milliseconds(Int64(number) * City.quarter)
      guard start >= held.heldFrom else { return nil }
      return HistoryPiece(sensor: name.sensor, field: name.field, time: start, bucket: bucket, replaces: true)
    }
  }

  /// What a series is called: its sensor's identifier and its field's name.
  public func name(ofSeries series: Int) -> (sensor: String, field: String) {
    let (sensor, field) = owners[series]
    return (city.sensors[sensor].id, city.sensors[sensor].fields[field].rawValue)
  }

  /// From when on the history does not know a series' quarter hours as they are; nil if it knows them all.
  public func unwrittenFrom(series: Int) -> Instant? {
    unwritten[series] == .max ? nil : Instant(milliseconds: unwritten[series]).floored(toMilliseconds: City.quarter)
  }

  /// The history knows a series up to a moment.
  public mutating func markWritten(series: Int, until end: Instant) {
    // A quarter hour to which the clock was set back must be written again, though it may hold nothing now.
    let newest = max(bank.latest(of: SeriesIndex(series))?.time ?? .min, setBackTo.milliseconds)
    unwritten[series] = newest >= end.milliseconds ? end.milliseconds : .max
  }

  /// The quarter hours of a series in a range that begins and ends with one.
  ///
  /// - Returns: the buckets in order, and from which moment on they are all that is known; what lies before has been
  ///   forgotten.
  public func quarters(ofSeries series: Int, from: Instant, to: Instant) -> (buckets: [Bucket], heldFrom: Instant) {
    let index = SeriesIndex(series)
    let buckets = stride(from: from.milliseconds, to: to.milliseconds, by: Int(City.quarter)).map { start in
      bank.sum(of: index, from: start, to: start + City.quarter, ring: City.quarters).bucket
    }
    return (buckets, Instant(milliseconds: bank.heldFrom(of: index, ring: City.quarters)))
  }

  /// All series begin: what arrived up to a moment is not known to them, and what comes late to it goes to the history.
  public mutating func begin(after instant: Instant) {
    let first = (instant + Self.slightlyAhead).milliseconds
    for series in 0..<bank.count { bank.begins(SeriesIndex(series), at: first) }
  }
}
