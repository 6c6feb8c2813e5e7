// What the people on duty see: exact counts, each sensor's last word. Stays on the operators' port.

public import Publication
public import Quantities
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
    /// Why the timetable cannot be read, if so.
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
      let hasTimetable: Bool = if case .hours = place.opening { true } else { false }
      rows.append(
        .init(
          id: place.about.id, name: place.about.name, indicators: indicators,
          people: traits[index].patience != nil ? places[index].headcount.people : nil, capacity: place.capacity,
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
      stations: city.sensors.indices.filter { city.sensors[$0].place == nil }.map { row($0, at: now) })
  }

  private func row(_ sensor: Int, at now: Instant) -> OperatorsView.SensorRow {
    .init(
      id: city.sensors[sensor].id, lastObserved: sensors[sensor].lastObserved, isAlive: isAlive(sensor, at: now),
      battery: sensors[sensor].battery, readings: sensors[sensor].account.counted)
  }
}
