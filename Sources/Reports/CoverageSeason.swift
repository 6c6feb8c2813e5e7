// Who had a cool place in reach, over a season: means of the quarters of an hour that the history keeps.

internal import CoolIslands
internal import Quantities
internal import Store

/// The people who had a measured, cool, open place in reach.
public struct CoverageSeason: Sendable {
  /// A mean over some quarters of an hour: people of people.
  struct Share: Sendable {
    private(set) var quarters = 0
    private var people: Int64 = 0
    /// By the distances of ``Coverage/metres``.
    private var covered = [Int64](repeating: 0, count: Coverage.metres.count)

    mutating func add(_ moment: HistoryCoverage) {
      guard moment.people > 0, moment.covered.count == covered.count else { return }
      quarters += 1
      people += moment.people
      for band in covered.indices { covered[band] += moment.covered[band] }
    }

    /// The share in thousandths; nil where no quarter is known.
    func thousandths(_ band: Int) -> Int64? { people > 0 ? (covered[band] * 1000).roundedDivided(by: people) : nil }
  }

  /// One civil day.
  struct Day: Sendable {
    var day: CivilDay
    /// The people of its last quarter.
    var people: Int64 = 0
    var whole = Share()
    var afternoon = Share()
    var evening = Share()
  }

  /// The distance that a sentence is about: ten minutes' walk.
  static let tenMinutes = Coverage.metres.firstIndex { $0 >= 750 } ?? 0

  private(set) var days: [Day] = []
  private(set) var whole = Share()
  /// From 12 to 18 h, and from 20 to 24 h.
  private(set) var afternoons = Share()
  private(set) var evenings = Share()

  /// Nil where the history keeps none.
  init?(_ moments: [HistoryCoverage], zone: CivilZone) {
    guard !moments.isEmpty else { return nil }
    for moment in moments {
      let civil = zone.civil(Instant(milliseconds: moment.at))
      if days.last?.day != civil.day { days.append(Day(day: civil.day)) }
      let (index, hour) = (days.count - 1, civil.secondOfDay / 3600)
      days[index].people = moment.people
      days[index].whole.add(moment)
      whole.add(moment)
      if (12..<18).contains(hour) {
        days[index].afternoon.add(moment)
        afternoons.add(moment)
      }
      if (20..<24).contains(hour) {
        days[index].evening.add(moment)
        evenings.add(moment)
      }
    }
  }

  /// The day on which the fewest people had a place within ten minutes, among those with half of their quarters.
  var worst: (day: CivilDay, thousandths: Int64)? {
    days.filter { $0.whole.quarters >= 48 }
      .compactMap { day in day.whole.thousandths(Self.tenMinutes).map { (day.day, $0) } }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }
  }
}
