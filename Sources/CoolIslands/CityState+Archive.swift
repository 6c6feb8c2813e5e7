// A city's state for a checkpoint: everything but the series, which have snapshots of their own.
//
// The city itself is not in it: who reads it back has made the state from the same configuration.

internal import Publication
public import Quantities
public import RingSeries
internal import SensorProtocol

extension CityState {
  /// Writes or reads what is known beside the series.
  public mutating func archive(_ archive: inout Archive) {
    heat.archive(&archive)
    archive.elements(of: &places) { archive, place in place.archive(&archive) }
    archive.elements(of: &sensors) { archive, sensor in sensor.archive(&archive) }
    archive.elements(of: &dues) { archive, due in archive.field(&due) }
    archive.field(&nextDue)
    archive.field(&messages)
    archive.field(&commands)
    archive.field(&forgotten)
    archive.field(&setBackTo)
    others.archive(&archive)
    archive.elements(of: &unwritten) { archive, time in archive.field(&time) }
    archive.elements(of: &qualities) { archive, quality in quality.archive(&archive) }
    archive.elements(of: &faultySince) { archive, since in archive.field(&since) }
    archive.elements(of: &isBadlySited) { archive, isSo in archive.field(&isSo) }
    archive.field(&choresDue)
    archive.field(&hourDone)
    guard archive.isReading else { return }
    for index in places.indices { restoreIntervals(index) }
  }

  /// How many series there are.
  public var seriesCount: Int { bank.count }

  /// A series for a checkpoint: its snapshot, and when its counter's last total arrived.
  public func image(of series: Int) -> (bytes: [UInt8], arrival: Instant?) {
    let index = SeriesIndex(series)
    let (sensor, field) = owners[series]
    var bytes = bank.snapshot(of: index)
    if wires[sensor].decoder.isNetworkServer {
      // Which frames it has seen, at the same moment.
      var archive = Archive()
      var frames = sensors[sensor].frames
      frames.archive(&archive)
      archive.field(&bytes)
      bytes = archive.bytes
    }
    return (bytes, sensors[sensor].totalArrivals[field])
  }

  /// Puts a series back.
  ///
  /// - Throws: ``SnapshotError``; then nothing has changed.
  public mutating func restore(_ bytes: [UInt8], arrival: Instant?, to series: Int) throws(SnapshotError) {
    let (sensor, field) = owners[series]
    var bytes = bytes
    if wires[sensor].decoder.isNetworkServer {
      var archive = Archive(reading: bytes)
      var frames = FrameMemory()
      frames.archive(&archive)
      archive.field(&bytes)
      if archive.isComplete { framesOfSeries[series] = frames }  // or the bytes are none of a series either
    }
    try bank.restore(bytes.span, to: SeriesIndex(series))
    sensors[sensor].totalArrivals[field] = arrival
  }
}

extension SensorState {
  // The arrivals of totals are not here: they belong to the moment at which their series was taken.
  fileprivate mutating func archive(_ archive: inout Archive) {
    archive.field(&lastObserved)
    archive.field(&lastMeasured)
    account.archive(&archive)
    archive.field(&occupied)
    archive.field(&battery, blank: MilliPercent(0)) { $0.field(&$1) }
    archive.field(&maintenance, blank: Maintenance(until: .distantPast, by: "", reason: "")) {
      $0.field(&$1.until)
      $0.field(&$1.by)
      $0.field(&$1.reason)
    }
    frames.archive(&archive)
  }
}

extension PlaceState {
  fileprivate mutating func archive(_ archive: inout Archive) {
    archive.field(&day, blank: CivilDay(daysSinceEpoch: 0)) { $0.field(&$1) }
    archive.field(&override, blank: .init(state: .unknown, until: .distantPast, by: "", reason: "")) {
      $0.field(&$1.state)
      $0.field(&$1.until)
      $0.field(&$1.by)
      $0.field(&$1.reason)
    }
    headcount.archive(&archive)
    felt.archive(&archive)
    difference.archive(&archive)
    noise.archive(&archive)
    occupancy.archive(&archive)
    archive.field(&differenceByDay, blank: MilliCelsius(0)) { $0.field(&$1) }
    archive.field(&differenceByNight, blank: MilliCelsius(0)) { $0.field(&$1) }
    archive.field(&exceeded, blank: .blank) { $1.archive(&$0) }
    archive.field(&noiseOfDay, blank: .blank) { $1.archive(&$0) }
    archive.field(&publicOccupancy, blank: .blank) { $1.archive(&$0) }
    archive.field(&occupancySetAt)
    archive.field(&indicators, blank: .unknown) { $1.archive(&$0) }
    recent.archive(&archive)
    archive.field(&tomorrow)
    archive.field(&heatOpenUntil)
    archive.field(&openedSpeciallyAt)
    archive.field(&configuredAt)
  }
}

extension SeriesQuality {
  fileprivate mutating func archive(_ archive: inout Archive) {
    var (number, tests) = (flag.rawValue, self.tests.rawValue)
    archive.field(&number)
    archive.field(&tests)
    if let flag = QualityFlag(rawValue: number) { self.flag = flag } else { archive.damage() }
    self.tests = QualityTests(rawValue: tests)
  }
}

extension Archive {
  fileprivate mutating func field(_ day: inout CivilDay) {
    var number = day.daysSinceEpoch
    field(&number)
    day = CivilDay(daysSinceEpoch: number)
  }
}

extension PublicIndicators.Exceeded {
  fileprivate static let blank = Self(l10: MilliDecibels(0), l50: MilliDecibels(0), l90: MilliDecibels(0))

  fileprivate mutating func archive(_ archive: inout Archive) {
    archive.field(&l10)
    archive.field(&l50)
    archive.field(&l90)
  }
}

extension PublicIndicators.NoiseOfDay {
  fileprivate static let blank = Self(
    day: CivilDay(daysSinceEpoch: 0), lden: MilliDecibels(0), lnight: MilliDecibels(0), coverage: 0)

  fileprivate mutating func archive(_ archive: inout Archive) {
    archive.field(&day)
    archive.field(&lden)
    archive.field(&lnight)
    archive.field(&coverage)
  }
}

extension PublicIndicators.Occupancy {
  fileprivate static let blank = Self(level: .free, roomLeft: nil)

  fileprivate mutating func archive(_ archive: inout Archive) {
    archive.field(&level)
    archive.field(&roomLeft)
  }
}

extension PublicIndicators {
  fileprivate mutating func archive(_ archive: inout Archive) {
    archive.field(&availability)
    archive.field(&isMeasured)
    archive.list(&reasons, blank: .openNow) { $0.field(&$1) }
    archive.field(&since)
    archive.field(&nextChange)
    archive.field(&opening.state)
    archive.field(&opening.until)
    archive.field(&opening.rule)
    let zero = MilliCelsius(0)
    archive.field(
      &coolness,
      blank: .init(air: zero, felt: zero, feltMethod: .air, feltClass: .cool, difference: nil, differenceClass: nil)
    ) {
      $0.field(&$1.air)
      $0.field(&$1.felt)
      $0.field(&$1.feltMethod)
      $0.field(&$1.feltClass)
      $0.field(&$1.difference, blank: zero) { $0.field(&$1) }
      $0.field(&$1.differenceClass, blank: .same) { $0.field(&$1) }
      $0.field(&$1.differenceByDay, blank: zero) { $0.field(&$1) }
      $0.field(&$1.differenceByNight, blank: zero) { $0.field(&$1) }
    }
    archive.field(&occupancy, blank: .blank) { $1.archive(&$0) }
    archive.field(&noise, blank: .init(laeq: MilliDecibels(0), noiseClass: .quiet)) {
      $0.field(&$1.laeq)
      $0.field(&$1.noiseClass)
      $0.field(&$1.exceeded, blank: .blank) { $1.archive(&$0) }
      $0.field(&$1.isCalm)
    }
    archive.field(&noiseOfDay, blank: .blank) { $1.archive(&$0) }
    archive.field(&freshness, blank: .init(observedAt: nil, alive: 0, expected: 0)) {
      $0.field(&$1.observedAt)
      $0.field(&$1.alive)
      $0.field(&$1.expected)
    }
  }
}
