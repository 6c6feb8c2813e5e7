// What the people on duty see: exact counts, each sensor's last word. Stays on the operators' port.

public import Publication
public import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Timetables

/// Private facts of a city at a moment.
public struct OperatorsView: Sendable {
  /// The moment, core time.
  public var at: Instant
  /// Civil time of the city.
  public var zone: CivilZone
  /// The city's name.
  public var cityName: String
  /// The heat entries of all sources.
  public var heat: [HeatEntry]
  /// Those of them that hold now.
  public var heatNow: [HeatEntry] { heat.filter { $0.from <= at && at < $0.until ?? .distantFuture } }
  /// The places, those that need attention first.
  public var places: [PlaceRow]
  /// Sensors in the street, which places are compared with.
  public var stations: [SensorRow]
  /// What the station of the city observed of the heat, and what it is compared with.
  public var observed: (heat: ObservedHeat, thresholds: HeatThresholds?)?
  /// Who has a place in reach; nil where nobody has said where people live.
  public var coverage: CoverageReport?
  /// Whether every place has been evaluated: not so for a moment after a start.
  public internal(set) var isWhole = false
  /// What has to be done, worst first.
  public private(set) var tasks: [ReadinessTask] = []

  /// One place.
  public struct PlaceRow: Sendable {
    /// Identifier.
    public var id: String
    /// Name.
    public var name: String
    /// The public indicators.
    public var indicators: PublicIndicators
    /// The exact head count; nil where nothing counts.
    public var people: Int64?
    /// Capacity, if known.
    public var capacity: Int?
    /// Room that there is for sure now: capacity less what the programme takes and the upper end of the head count.
    public var free: Int64?
    /// What the head count is to be taken with: `clamped_low`, `over_capacity`.
    public var countFlags: [String]
    /// In less out at the last daily reset.
    public var drift: Int64?
    /// When the head count last returned to nobody.
    public var lastReset: Instant?
    /// Coming slots that take of its room, and what they leave.
    public var slots: [PublicSlot]
    /// Whether it has a timetable that can be read.
    public var hasTimetable: Bool
    /// Why the timetable cannot be read, or what contradicts it, if so.
    public var timetableFault: String?
    /// The override in force.
    public var override: OpeningOverride?
    /// Its sensors.
    public var sensors: [SensorRow]
    /// Whether nothing urgent is to be done about it.
    public var isReady = true
    /// Whether heat changes its hours: it is one of those that the city counts on.
    public var isInHeatPlan: Bool
    /// Whether it would be open at 23:00 in the highest heat.
    public var isOpenInHotNights: Bool
    /// The first moment of which its timetable, or its school hours, say nothing any more.
    public var timetableEnds: Instant?
    /// Until when the school holidays that it goes by are known.
    public var holidaysEnd: CivilDay?
    /// Where it is.
    public var position: PublicPosition
  }

  /// One sensor.
  public struct SensorRow: Sendable {
    /// Identifier.
    public var id: String
    /// When it last spoke.
    public var lastObserved: Instant?
    /// Whether that is lately enough.
    public var isAlive: Bool
    /// Battery, if it says.
    public var battery: MilliPercent?
    /// Readings that count, since the journal begins.
    public var readings: Int64
    /// What each of its fields is worth, in the order of its settings.
    public var quality: [FieldQuality]
    /// Who works on it, so that its readings do not count.
    public var maintenance: Maintenance?
  }

  /// A field of a sensor and how far it can be believed.
  public struct FieldQuality: Sendable {
    /// The field's name.
    public var field: String
    /// Its worth.
    public var quality: SeriesQuality
    /// Since when it has been doubtful or at fault.
    public var since: Instant?
  }
}

extension OperatorsView {
  /// Finds what has to be done, and puts the places first that need somebody.
  fileprivate mutating func workOutTasks() {
    tasks = allTasks
    var worst: [String: Int] = [:]
    for (rank, task) in tasks.enumerated() {
      if task.kind.isUrgent, let place = task.place, worst[place] == nil { worst[place] = rank }
    }
    for index in places.indices { places[index].isReady = worst[places[index].id] == nil }
    places.sort { (worst[$0.id] ?? .max, $0.id) < (worst[$1.id] ?? .max, $1.id) }
  }
}

extension CityState {
  /// What the people on duty see at a moment.
  public func operatorsView(at now: Instant) -> OperatorsView {
    var rows: [OperatorsView.PlaceRow] = []
    let night = city.zone.instant(city.zone.civil(now).day, secondOfDay: 23 * 3600)
    for (index, place) in city.places.enumerated() {
      guard let indicators = places[index].indicators else { continue }
      let sensorRows = traits[index].sensors.map { row($0, at: now) }
      var fault: String?
      if case .unreadable(let error) = place.opening { fault = error.description }
      if case .contradicted(let texts) = place.opening { fault = texts }
      let counts = traits[index].patience != nil
      let headcount = places[index].headcount
      let room = capacity(index, at: now)
      var flags: [String] = []
      if counts && headcount.deficit > 0 { flags.append("clamped_low") }
      if counts, let room, headcount.people > room + place.staff { flags.append("over_capacity") }
      let isHeard = headcount.lastHeard.map { now - $0 <= traits[index].patience ?? .minutes(0) } ?? false
      if counts && !isHeard { flags.append("silent") }
      let isWhole = place.programme?.isWhole ?? true
      if !isWhole { flags.append("rooms_uncertain") }
      let hasTimetable: Bool = if case .hours = place.opening { true } else { false }
      rows.append(
        .init(
          id: place.about.id, name: place.about.name, indicators: indicators,
          people: counts ? headcount.people : nil, capacity: place.capacity,
          free: counts && isHeard && isWhole ? room.map { headcount.free(of: $0 + place.staff) } : nil,
          countFlags: flags,
          drift: headcount.lastDrift?.drift, lastReset: headcount.lastReset,
          slots: places[index].publicSlots.filter { $0.until > now },
          hasTimetable: hasTimetable, timetableFault: fault, override: places[index].override, sensors: sensorRows,
          isInHeatPlan: traits[index].hasHeatHours,
          isOpenInHotNights: traits[index].hasHeatHours && isOpen(index, at: night, level: 4),
          timetableEnds: [traits[index].timetableEnds, traits[index].schoolHoursEnd].compactMap(\.self).min(),
          holidaysEnd: place.schoolHolidays?.known.upperBound,
          position: place.about.position))
    }
    var view = OperatorsView(
      at: now, zone: city.zone, cityName: city.name, heat: heat.entries, places: rows,
      stations: city.sensors.indices.filter { city.sensors[$0].place == nil }.map { row($0, at: now) },
      observed: observedHeat(at: now).map { ($0, city.heatThresholds) }, coverage: coverageReport)
    view.isWhole = rows.count == city.places.count
    view.workOutTasks()
    return view
  }

  /// Whether a sensor speaks, or is not listened to: in school hours one that only counts or hears says nothing.
  private func isHeard(_ sensor: Int, at now: Instant) -> Bool {
    if isAlive(sensor, at: now) { return true }
    let configured = city.sensors[sensor]
    guard let place = configured.place, configured.fields.allSatisfy({ $0.isAboutPeople || $0.isSound }) else {
      return false
    }
    return hasSchoolHours(place: place, from: now - configured.staleAfter, to: now)
  }

  private func row(_ sensor: Int, at now: Instant) -> OperatorsView.SensorRow {
    .init(
      id: city.sensors[sensor].id, lastObserved: sensors[sensor].lastObserved, isAlive: isHeard(sensor, at: now),
      battery: sensors[sensor].battery, readings: sensors[sensor].account.counted,
      quality: zip(city.sensors[sensor].fields, sensors[sensor].series).map { field, series in
        .init(field: field.rawValue, quality: qualities[series.rawValue], since: faultySince[series.rawValue])
      }, maintenance: maintenance(of: sensor, at: now))
  }
}
