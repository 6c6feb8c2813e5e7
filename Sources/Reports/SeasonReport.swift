// The report of a season: place by place out of the history, so that memory does not grow with the number of days.

public import CoolIslands
internal import Publication
public import Quantities
internal import RingSeries
internal import SensorProtocol
public import Store

/// What a report is asked to tell.
public struct SeasonQuestion: Sendable {
  /// The longest season: three years.
  public static let mostDays: Int64 = 1100

  /// The first civil day.
  public var first: CivilDay
  /// The last one, included.
  public var last: CivilDay
  /// Identifiers of places; none for all.
  public var places: [String]
  /// The day of works, by place.
  public var works: [String: CivilDay]

  /// A question.
  public init(first: CivilDay, last: CivilDay, places: [String] = [], works: [String: CivilDay] = [:]) {
    self.first = first
    self.last = last
    self.places = places
    self.works = works
  }
}

/// Why there is no report, in a sentence for the one who asked.
public enum ReportProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// The days are in the wrong order, or too many.
  case days
  /// There is no place of this name.
  case unknownPlace(String)
  /// Works lie outside of the days, or at a place that is not part of the report.
  case works(String)
  /// The history cannot be read.
  case store(String)
  /// Somebody said stop.
  case stopped
  /// What was made could not be passed on.
  case notTaken

  /// The sentence.
  public var description: String {
    switch self {
    case .days: "--to is not before --from, and less than \(SeasonQuestion.mostDays) days later"
    case .unknownPlace(let id): "there is no place \"\(id)\" in the settings"
    case .works(let id): "the works at \"\(id)\" lie outside of the days, or the place is not part of the report"
    case .store(let detail): "the history cannot be read: \(detail)"
    case .stopped: "stopped; nothing was written"
    case .notTaken: "the report could not be written"
    }
  }
}

/// A report's tables for machines.
public enum Sheet: String, CaseIterable, Hashable, Sendable {
  /// One row a place.
  case places
  /// One row a place and civil day.
  case days
  /// One row a silence of a sensor, the longest first.
  case incidents
  /// One row a civil day: who had a cool place in reach.
  case coverage
}

/// A season of a city.
public struct SeasonReport: Sendable {
  /// Silences that are kept at most, the longest ones.
  public static let mostSilences = 10_000

  /// What was asked.
  public var question: SeasonQuestion
  /// The city's name.
  public var cityName: String
  /// What the settings say about the origin of the values, by language.
  public var notice: [String: String]
  /// Civil time.
  var zone: CivilZone
  /// What the history knows of the days, the first moment and the first one after; nil where it knows nothing.
  public var observed: (from: Instant, until: Instant)?
  /// What the heat station observed; nil where none is named.
  public var heat: HeatSeason?
  /// When the gateway was not there, in order.
  public var gaps: [HistoryGap] = []
  /// Who had a cool place in reach; nil where the history keeps none.
  public var coverage: CoverageSeason?
  /// The heat station's identifier.
  var heatStation: String?
  /// The places, in the order of their identifiers.
  public var places: [PlaceSeason] = []
  /// The longest silences of sensors, the worst first.
  public var silences: [Silence] = []
  /// How many there were.
  public var silenceCount = 0
  /// Sensors of the settings that were never heard until the end: not mounted yet, or never well.
  public var unheard: [String] = []
  /// Days of series that are damaged on the disk and left out.
  public var damagedDays = 0
  /// The settings' thresholds.
  var choices: Choices

  /// Makes the report.
  ///
  /// - Parameters:
  ///   - city: the city as it is configured now.
  ///   - history: the history of its data folder.
  ///   - question: what is asked.
  ///   - isStopped: asked now and then whether to go on.
  ///   - progress: told how many places of how many are done.
  ///   - emit: takes pieces of the tables as bytes, heads first; says whether it could.
  /// - Throws: ``ReportProblem``.
  public init(
    of city: City, history: HistoryReader, question: SeasonQuestion, isStopped: () -> Bool = { false },
    progress: (Int, Int) -> Void = { _, _ in }, emit: (Sheet, [UInt8]) -> Bool = { _, _ in true }
  ) throws(ReportProblem) {
    (self.question, cityName, notice, zone) = (question, city.name, city.notice, city.zone)
    choices = city.choices
    let indices = try Self.places(question, city)
    func tell(_ sheet: Sheet, _ bytes: [UInt8]) throws(ReportProblem) {
      guard emit(sheet, bytes) else { throw .notTaken }
    }
    for sheet in Sheet.allCases { try tell(sheet, SeasonSheets.head(of: sheet, city.choices)) }
    do {
      let frame = try Self.frame(question, city, history)
      gaps = frame.gaps
      if !frame.observed.isEmpty {
        observed = (
          Instant(milliseconds: frame.observed.lowerBound), Instant(milliseconds: frame.observed.upperBound)
        )
      }
      if let station = city.heatStation {
        heatStation = city.sensors[station].id
        heat = HeatSeason(question.first...question.last, try frame.series(station, .temperature), frame.grid, city)
      }
      let begin = city.zone.instant(question.first, secondOfDay: 0).milliseconds
      let end = city.zone.instant(question.last.adding(days: 1), secondOfDay: 0).milliseconds
      coverage = CoverageSeason(try history.coverage(from: begin, to: end), zone: city.zone)
      try tell(.coverage, coverage?.days.flatMap { SeasonSheets.row($0) } ?? [])
      try lookAtStations(frame)
      var references: [Int: [Int64?]] = [:]
      for (number, index) in indices.enumerated() {
        guard !isStopped() else { throw ReportProblem.stopped }
        let reference = Self.reference(of: city.places[index], city)
        if let reference, references[reference] == nil {
          var series = try frame.series(reference, .temperature)
          series.dropStandstill(city.choices.quality)
          references[reference] = series.buckets.indices.map { series.mean($0) }
        }
        var survey = PlaceSurvey(index, frame)
        let id = city.places[index].about.id
        try survey.run(reference: reference.flatMap { references[$0] }, works: question.works[id])
        places.append(survey.season)
        damagedDays += survey.season.damaged
        take(survey.silences)
        unheard += survey.unheard
        try tell(.places, SeasonSheets.row(survey.season))
        try tell(.days, survey.days.flatMap { SeasonSheets.row($0, of: survey.season) })
        progress(number + 1, indices.count)
      }
    } catch let error as ReportProblem {
      throw error
    } catch let error as StoreError {
      throw .store(error.description)
    } catch {
      throw .store("\(error)")
    }
    silences.sort(by: Self.isWorse)
    silences = Array(silences.prefix(Self.mostSilences))
    try tell(.incidents, silences.flatMap { SeasonSheets.row($0, zone) })
  }

  /// The places that are asked for, by their index.
  private static func places(_ question: SeasonQuestion, _ city: City) throws(ReportProblem) -> [Int] {
    let span = question.last.daysSinceEpoch - question.first.daysSinceEpoch
    guard 0..<SeasonQuestion.mostDays ~= span else { throw .days }
    var wanted: Set<String> = []
    for id in question.places {
      guard city.places.contains(where: { $0.about.id == id }) else { throw .unknownPlace(id) }
      wanted.insert(id)
    }
    let indices = city.places.indices.filter { wanted.isEmpty || wanted.contains(city.places[$0].about.id) }
    for (id, day) in question.works.sorted(by: { $0.key < $1.key }) {
      guard city.places.contains(where: { $0.about.id == id }) else { throw .unknownPlace(id) }
      guard indices.contains(where: { city.places[$0].about.id == id }), question.first < day, day < question.last
      else { throw .works(id) }
    }
    return indices
  }

  /// The sensor that a place is compared with.
  private static func reference(of place: Place, _ city: City) -> Int? {
    place.reference ?? place.zone.map { city.zones[$0].reference }
  }

  /// The hours and days of a question, and what the history knows of them.
  private static func frame(
    _ question: SeasonQuestion, _ city: City, _ history: HistoryReader
  ) throws(StoreError) -> SeasonFrame {
    // Means of three days begin earlier, nights and days of the heat end later.
    let grid = HourGrid(question.first.adding(days: -4)...question.last.adding(days: 2), in: city.zone)
    let asked =
      city.zone.instant(question.first, secondOfDay: 0)
      .milliseconds..<city.zone.instant(
        question.last.adding(days: 1), secondOfDay: 0
      ).milliseconds
    var known: [Int64] = []
    if let stored = try history.storedDays() {
      for day in [stored.lowerBound, stored.upperBound] {
        for row in try history.finest(ofDay: day) {
          guard let packed = try? PackedBuckets(bytes: row.hours) else { continue }
          let step = packed.entries.count > 30 ? City.quarter : HourGrid.hour
          let heard = packed.entries.indices.filter { packed.entries[$0].bucket.count > 0 }
          if let first = heard.first { known.append(row.start + Int64(first) * step) }
          if let last = heard.last { known.append(row.start + Int64(last + 1) * step) }
        }
      }
    }
    if let changes = try history.storedChanges() { known += [changes.lowerBound, changes.upperBound] }
    var observed = asked.lowerBound..<asked.lowerBound
    if let first = known.min(), let last = known.max() {
      observed = (first..<max(first, last)).clamped(to: asked)
    }
    return SeasonFrame(
      city: city, history: history, grid: grid, days: question.first...question.last, observed: observed,
      gaps: try history.gaps(from: observed.lowerBound, to: observed.upperBound))
  }

  /// Stations have no place, and fall silent too.
  private mutating func lookAtStations(_ frame: SeasonFrame) throws(StoreError) {
    guard question.places.isEmpty else { return }
    for (index, sensor) in frame.city.sensors.enumerated() where sensor.place == nil {
      var attendance = Attendance(of: sensor, frame)
      for field in sensor.fields {
        let series = try frame.series(index, field)
        damagedDays += series.damaged
        try attendance.take(series, of: field)
      }
      if attendance.isUnheard { unheard.append(sensor.id) }
      take(attendance.silences(place: nil, isOff: nil))
    }
  }

  /// Keeps the longest silences.
  private mutating func take(_ more: [Silence]) {
    silenceCount += more.count
    silences += more
    guard silences.count > 2 * Self.mostSilences else { return }
    silences.sort(by: Self.isWorse)
    silences = Array(silences.prefix(Self.mostSilences))
  }

  private static func isWorse(_ a: Silence, _ b: Silence) -> Bool {
    (-a.hours, a.begin, a.sensor) < (-b.hours, b.begin, b.sensor)
  }
}
