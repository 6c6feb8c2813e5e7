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
  /// The places, those that need attention first.
  public var places: [PlaceRow]
  /// Sensors in the street, which places are compared with.
  public var stations: [SensorRow]
  /// What the station of the city observed of the heat, and what it is compared with.
  public var observed: (heat: ObservedHeat, thresholds: HeatThresholds?)?
  /// Who has a place in reach; nil where nobody has said where people live.
  public var coverage: CoverageReport?

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
    /// Why the timetable cannot be read, or what contradicts it, if so.
    public var timetableFault: String?
    /// The override in force.
    public var override: OpeningOverride?
    /// Its sensors.
    public var sensors: [SensorRow]
    /// Whether all of its sensors are heard and its timetable is readable.
    public var isReady: Bool
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
  }

  /// A field of a sensor and how far it can be believed.
  public struct FieldQuality: Sendable {
    /// The field's name.
    public var field: String
    /// Its worth.
    public var quality: SeriesQuality
  }
}

extension CityState {
  /// What the people on duty see at a moment.
  public func operatorsView(at now: Instant) -> OperatorsView {
    var rows: [OperatorsView.PlaceRow] = []
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
          timetableFault: fault, override: places[index].override, sensors: sensorRows,
          isReady: hasTimetable && sensorRows.allSatisfy(\.isAlive)))
    }
    func trouble(_ row: OperatorsView.PlaceRow) -> (Int, Instant, String) {
      let silent = row.sensors.filter { !$0.isAlive }
      let since = silent.map { $0.lastObserved ?? .distantPast }.min() ?? .distantFuture
      return (silent.isEmpty ? row.isReady ? 2 : 1 : 0, since, row.id)
    }
    return OperatorsView(
      at: now, zone: city.zone, cityName: city.name, heat: heat.entries,
      places: rows.sorted { trouble($0) < trouble($1) },
      stations: city.sensors.indices.filter { city.sensors[$0].place == nil }.map { row($0, at: now) },
      observed: observedHeat(at: now).map { ($0, city.heatThresholds) }, coverage: coverageReport)
  }

  private func row(_ sensor: Int, at now: Instant) -> OperatorsView.SensorRow {
    .init(
      id: city.sensors[sensor].id, lastObserved: sensors[sensor].lastObserved, isAlive: isAlive(sensor, at: now),
      battery: sensors[sensor].battery, readings: sensors[sensor].account.counted,
      quality: zip(city.sensors[sensor].fields, sensors[sensor].series).map { field, series in
        .init(field: field.rawValue, quality: qualities[series.rawValue])
      })
  }
}
