// Coverage of the city: now, tonight, on Sunday, and at each heat level.

internal import Publication
internal import Timetables
public import Quantities

/// Who has a place in reach in some circumstances.
public struct CoverageScenario: Sendable {
  /// `now`, `now_unmeasured_too`, `tonight`, `sunday`, `level_1` to `level_4`.
  public var name: String
  /// The moment it is about.
  public var at: Instant
  /// People within each of ``Coverage/metres``.
  public var covered: [Int64]
  /// The same by weight, in thousandths.
  public var coveredWeighted: [Int64]
  /// The places whose opening would gain most within 10 minutes.
  public var gains: [(place: String, people: Int64)]
}

/// Who has a place in reach, as of a quarter of an hour.
public struct CoverageReport: Sendable {
  /// When it was worked out.
  public var at: Instant
  /// All people, and all by weight in thousandths.
  public var total: Int64
  /// All people by weight, in thousandths.
  public var totalWeighted: Int64
  /// The scenarios.
  public var scenarios: [CoverageScenario]
}

/// Who has a measured, cool, open place in reach, at a quarter of an hour: what the history keeps of coverage.
public struct CoverageMoment: Hashable, Sendable {
  /// The quarter of an hour.
  public var at: Instant
  /// All people.
  public var total: Int64
  /// People within each of ``Coverage/metres``.
  public var covered: [Int64]

  /// A moment.
  public init(at: Instant, total: Int64, covered: [Int64]) {
    self.at = at
    self.total = total
    self.covered = covered
  }
}

extension CityState {
  /// Works out who has a place in reach, at every quarter of an hour; all places have been evaluated before.
  ///
  /// - Returns: what the history keeps of it; nil between the quarters, where a start only makes good what it missed.
  public mutating func workOutCoverage(at now: Instant) -> CoverageMoment? {
    let isQuarter = now.floored(toMilliseconds: City.quarter) == now
    guard coverage != nil, isQuarter || coverageReport == nil else { return nil }
    coverageReport = report(at: now)
    guard isQuarter, let report = coverageReport, let present = report.scenarios.first(where: { $0.name == "now" })
    else { return nil }
    return CoverageMoment(at: now, total: report.total, covered: present.covered)
  }

  /// All scenarios; nil where nobody has said where people live.
  ///
  /// Now counts places that are measured, cool, open and not full. Of a time to come, and of other heat levels, nobody
  /// knows how cool and how full places will be: hours alone decide.
  private func report(at now: Instant) -> CoverageReport? {
    guard var coverage else { return nil }
    let today = city.zone.civil(now).day
    /// The first of some days, a week apart or each day, at whose hour it is not yet past.
    func next(_ day: CivilDay, _ hour: Int, every days: Int64) -> Instant {
      let moment = city.zone.instant(day, secondOfDay: hour * 3600)
      return moment >= now ? moment : city.zone.instant(day.adding(days: days), secondOfDay: hour * 3600)
    }
    let sunday = today.adding(days: Int64((13 - today.weekday) % 7))
    // In the night itself that night is meant.
    let hour = city.zone.civil(now).secondOfDay / 3600
    let tonight = hour >= 22 || hour < 6 ? now : next(today, 22, every: 1)
    let moments = [("tonight", tonight), ("sunday", next(sunday, 15, every: 7))]
    var scenarios: [CoverageScenario] = []
    func add(_ name: String, _ at: Instant, couldOpen: (Int) -> Bool, _ isGood: (Int) -> Bool) {
      for index in places.indices { coverage.set(index, isGood: isGood(index)) }
      scenarios.append(
        CoverageScenario(
          name: name, at: at, covered: coverage.covered, coveredWeighted: coverage.coveredWeighted,
          gains: coverage.bestGains(where: couldOpen).map { (city.places[$0.place].about.id, $0.people) }))
    }
    func isClosed(_ index: Int) -> Bool { places[index].indicators?.availability == .closed }
    add("now", now, couldOpen: { isClosed($0) && traits[$0].hasTemperature }) {
      places[$0].indicators?.isOpenAndCool ?? false
    }
    add("now_unmeasured_too", now, couldOpen: isClosed) { places[$0].indicators?.availability == .available }
    for (name, moment) in moments {
      let level = heat.effective(at: moment)?.level ?? 0
      add(name, moment, couldOpen: { _ in true }) { isOpen($0, at: moment, level: level) }
    }
    for level in 1...4 { add("level_\(level)", now, couldOpen: { _ in true }) { isOpen($0, at: now, level: level) } }
    return CoverageReport(
      at: now, total: coverage.total, totalWeighted: coverage.totalWeighted, scenarios: scenarios)
  }
}
