// The one gate between what the gateway knows and what the public may know.
//
// Everything public is made here from the domain's state, and depends on people only through the level of occupancy:
// two days that differ in people but not in levels are the same to the public, byte for byte.

public import Publication
public import Quantities

/// Makes public values.
public enum PrivacyGate {
  /// How far beyond a border, in thousandths of the capacity, a level holds on.
  static let margin: Int64 = 50

  /// Occupancy as a function of level and capacity: room is what is left where the level ends at the latest, in fives.
  static func occupancy(level: OccupancyLevel, capacity: Int, borders: [Int64]) -> PublicIndicators.Occupancy {
    let taken: Int64 =
      switch level {
      case .free: borders[0] + margin
      case .busy: borders[1] + margin
      case .full: 1000
      }
    let room = Int(Int64(capacity) * max(0, 1000 - taken) / 1000) / 5 * 5
    return .init(level: level, roomLeft: room >= 5 ? room : nil)
  }
}

extension CityState {
  /// A place as everyone may know it; nil before its first evaluation.
  public func publicPlace(_ index: Int) -> PublicPlace? {
    guard let indicators = places[index].indicators else { return nil }
    var about = city.places[index].about
    about.timetableEnds = traits[index].timetableEnds
    if let day = places[index].day {
      let from = city.zone.instant(day, secondOfDay: 0)
      let until = city.zone.instant(day.adding(days: Int64(Self.daysAhead)), secondOfDay: 0)
      about.intervals = places[index].intervals.filter { $0.until > from && $0.from < until }
      about.slots = places[index].publicSlots.filter { $0.until > from && $0.from < until }
    }
    return PublicPlace(
      about: about, indicators: indicators, recent: places[index].recent,
      openings: places[index].openings ?? openings(index))
  }

  /// All places that have been evaluated, as everyone may know them.
  public func publicPlaces() -> [PublicPlace] { city.places.indices.compactMap { publicPlace($0) } }

  /// The city as everyone may know it.
  public func publicCity(at now: Instant) -> PublicCity {
    PublicCity(
      id: city.id, name: city.name, zone: city.zone, heat: heat.effective(at: now), notice: city.notice,
      contact: city.contact, licence: city.licence)
  }
}
