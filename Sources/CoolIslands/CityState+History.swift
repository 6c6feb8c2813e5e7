// What the history asks of the series: which quarter hours it does not know yet, and what they hold.

public import Quantities
public import RingSeries
internal import SensorProtocol

extension CityState {
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
    let newest = bank.latest(of: SeriesIndex(series))?.time ?? .min
    unwritten[series] = newest >= end.milliseconds ? end.milliseconds : .max
  }

  /// The quarter hours of a series in a range that begins and ends with one.
  ///
  /// - Returns: the buckets in order, and from which moment on they are all that is known; what lies before has been
  ///   forgotten.
  public func quarters(ofSeries series: Int, from: Instant, to: Instant) -> (buckets: [Bucket], heldFrom: Instant) {
    let index = SeriesIndex(series)
    guard
      let steps = try? bank.steps(
        of: index, from: from.milliseconds, to: to.milliseconds, seconds: Int(City.quarter / 1000))
    else { return ([], to) }
    return (steps.steps.map(\.bucket), Instant(milliseconds: steps.heldFrom))
  }
}
