// What has to be done before the heat comes, worst first: a pure function of what people on duty see.

internal import Publication
public import Quantities

/// Something that somebody has to do.
public struct ReadinessTask: Hashable, Sendable {
  /// What is wrong, the worst first.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// A place of the heat plan that nothing measures.
    case planPlaceUnmeasured = "plan_place_unmeasured"
    /// Nobody can say when a place is open: its timetable cannot be read or contradicts itself.
    case timetableUnusable = "timetable_unusable"
    /// Its timetable says nothing of today any more.
    case timetableExpired = "timetable_expired"
    /// A sensor that does not speak.
    case sensorSilent = "sensor_silent"
    /// A sensor whose readings are not used: it stands still, or cannot be right.
    case sensorFaulty = "sensor_faulty"
    /// A place of the heat plan that is closed in hot nights.
    case noNightHours = "no_night_hours"
    /// People who have no place in reach tonight.
    case peopleUncovered = "people_uncovered"
    /// A sensor that moves away from its neighbours, or whose counts do not balance.
    case sensorDrifting = "sensor_drifting"
    /// A sensor that the sun reaches.
    case sensorBadlySited = "sensor_badly_sited"
    /// A battery that will not last.
    case batteryLow = "battery_low"
    /// A timetable that ends soon.
    case timetableEnding = "timetable_ending"
    /// School holidays that are known for a short time only.
    case holidaysEnding = "holidays_ending"

    /// Whether a place of which it is true is not ready.
    public var isUrgent: Bool {
      switch self {
      case .planPlaceUnmeasured, .timetableUnusable, .timetableExpired, .sensorSilent, .sensorFaulty: true
      default: false
      }
    }
  }

  /// What is wrong.
  public var kind: Kind
  /// The place that it is about.
  public var place: String?
  /// Its name.
  public var placeName: String?
  /// The sensor that it is about.
  public var sensor: String?
  /// Since when, or for what is to come, when; nil where nobody knows.
  public var since: Instant?
  /// Names of tests that were not passed, a fault's text; `count` of people or percent of a battery.
  public var detail: String?
  /// How many people, or how much of a battery.
  public var count: Int64?
}

extension OperatorsView {
  /// Battery at which somebody should bring another one.
  private static let lowBattery = MilliPercent(20_000)
  /// What ends within this time should be looked at.
  private static let foresight: Int64 = 60

  /// What has to be done, worst first, and within a kind what has lasted longest.
  var allTasks: [ReadinessTask] {
    var tasks: [ReadinessTask] = []
    let soon = at + .days(Self.foresight)
    for place in places {
      func add(
        _ kind: ReadinessTask.Kind, sensor: String? = nil, since: Instant? = nil, detail: String? = nil,
        count: Int64? = nil
      ) {
        tasks.append(
          ReadinessTask(
            kind: kind, place: place.id, placeName: place.name, sensor: sensor, since: since, detail: detail,
            count: count))
      }
      let isMeasured = place.sensors.contains { sensor in
        sensor.isAlive && sensor.quality.contains { $0.field == "temperature" && $0.quality.flag < .fail }
      }
      if place.isInHeatPlan, !isMeasured {
        let thermometers = place.sensors.filter { $0.quality.contains { $0.field == "temperature" } }
        let faults = thermometers.filter(\.isAlive).flatMap(\.quality)
          .filter { $0.field == "temperature" }.compactMap(\.since)
        add(.planPlaceUnmeasured, since: faults.min() ?? thermometers.compactMap(\.lastObserved).max())
      }
      if let fault = place.timetableFault {
        add(.timetableUnusable, detail: fault)
      } else if !place.hasTimetable {
        add(.timetableUnusable)
      }
      if let end = place.timetableEnds, end < soon { add(end <= at ? .timetableExpired : .timetableEnding, since: end) }
      if place.isInHeatPlan, !place.isOpenInHotNights { add(.noNightHours) }
      for sensor in place.sensors { tasks += sensorTasks(sensor, place) }
    }
    for station in stations { tasks += sensorTasks(station, nil) }
    if let uncovered = coverage.flatMap(Self.uncovered), uncovered > 0 {
      tasks.append(ReadinessTask(kind: .peopleUncovered, count: uncovered))
    }
    // One list of holidays serves many places.
    if let end = places.compactMap(\.holidaysEnd).min().map({ zone.instant($0, secondOfDay: 86_399) }), end < soon {
      tasks.append(ReadinessTask(kind: .holidaysEnding, since: end))
    }
    let ranks = Dictionary(uniqueKeysWithValues: ReadinessTask.Kind.allCases.enumerated().map { ($1, $0) })
    let keyed = tasks.map { task in
      (key: (ranks[task.kind] ?? 0, task.since ?? .distantPast, task.place ?? "", task.sensor ?? ""), task: task)
    }
    return keyed.sorted { $0.key < $1.key }.map(\.task)
  }

  /// How many places nothing urgent is to be done about.
  public var readyPlaces: Int { places.count(where: \.isReady) }

  private func sensorTasks(_ sensor: SensorRow, _ place: PlaceRow?) -> [ReadinessTask] {
    // Somebody is there already.
    guard sensor.maintenance == nil else { return [] }
    var tasks: [ReadinessTask] = []
    func add(_ kind: ReadinessTask.Kind, since: Instant?, detail: String? = nil, count: Int64? = nil) {
      tasks.append(
        ReadinessTask(
          kind: kind, place: place?.id, placeName: place?.name, sensor: sensor.id, since: since, detail: detail,
          count: count))
    }
    if !sensor.isAlive { add(.sensorSilent, since: sensor.lastObserved) }
    // Of a sensor with several fields one errand is enough.
    var found: [ReadinessTask.Kind: (since: Instant?, details: [String])] = [:]
    for field in sensor.quality where sensor.isAlive {
      guard let kind = Self.kind(field.quality) else { continue }
      let tests = field.quality.tests.names.joined(separator: ", ")
      let since = [found[kind]?.since, field.since].compactMap { $0 }.min()
      found[kind] = (since, (found[kind]?.details ?? []) + ["\(field.field)\(tests.isEmpty ? "" : " (\(tests))")"])
    }
    for kind in ReadinessTask.Kind.allCases {
      if let (since, details) = found[kind] { add(kind, since: since, detail: details.joined(separator: ", ")) }
    }
    if let battery = sensor.battery, battery < Self.lowBattery {
      add(.batteryLow, since: nil, count: battery.rawValue / 1000)
    }
    return tasks
  }

  /// What a series' flag asks for, if anything.
  private static func kind(_ quality: SeriesQuality) -> ReadinessTask.Kind? {
    switch quality.flag {
    case .fail: .sensorFaulty
    case .suspect where quality.tests.contains(.siting): .sensorBadlySited
    case .suspect where quality.tests.contains(.flatLine): .sensorFaulty
    case .suspect where !quality.tests.isDisjoint(with: [.neighbours, .ratio]): .sensorDrifting
    default: nil
    }
  }

  /// People without a place within ten minutes' walk tonight.
  private static func uncovered(_ report: CoverageReport) -> Int64? {
    guard let tonight = report.scenarios.first(where: { $0.name == "tonight" }),
      let band = Coverage.metres.firstIndex(where: { $0 >= 750 })
    else { return nil }
    return report.total - tonight.covered[band]
  }
}
