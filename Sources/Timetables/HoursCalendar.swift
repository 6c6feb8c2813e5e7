// What a timetable needs to know of its place: civil time, holidays, where the sun stands.

public import Quantities

/// The surroundings in which opening hours are read.
public struct HoursCalendar: Hashable, Sendable {
  /// Civil time.
  public var zone: CivilZone
  /// What `PH` means.
  public var publicHolidays: PublicHolidays
  /// What `SH` means; nil where nobody has said it.
  public var schoolHolidays: SchoolHolidays?
  /// Where the sun is looked at; nil: at usual hours.
  public var position: Position?

  /// A point on the earth, degrees.
  public struct Position: Hashable, Sendable {
    /// North of the equator.
    public var latitude: Double
    /// East of Greenwich.
    public var longitude: Double

    /// A point.
    public init(latitude: Double, longitude: Double) {
      self.latitude = latitude
      self.longitude = longitude
    }
  }

  /// Surroundings.
  public init(
    zone: CivilZone, publicHolidays: PublicHolidays, schoolHolidays: SchoolHolidays? = nil, position: Position? = nil
  ) {
    self.zone = zone
    self.publicHolidays = publicHolidays
    self.schoolHolidays = schoolHolidays
    self.position = position
  }

  /// Minutes after local midnight at which the sun does something; where nobody has said where, dawn 05:30, sunrise
  /// 06:00, sunset 18:00 and dusk 18:30.
  func minutes(of event: SunEvent, on day: CivilDay) -> Int {
    let usual =
      switch event {
      case .dawn: 330
      case .sunrise: 360
      case .sunset: 1080
      case .dusk: 1110
      }
    guard let position, let moment = Sun.moment(of: event, on: day, at: position) else { return usual }
    let local = moment.seconds + Int64(zone.offset(atUnixSeconds: moment.seconds)) - day.daysSinceEpoch * 86_400
    return Int(local.floorDivided(by: 60))
  }
}

/// School holidays as somebody published them.
public struct SchoolHolidays: Hashable, Sendable {
  /// Holidays, first and last day.
  public var periods: [ClosedRange<CivilDay>]
  /// The first and the last day of which the list knows.
  public var known: ClosedRange<CivilDay>

  /// Some periods; the list ends with the last one.
  public init?(periods: [ClosedRange<CivilDay>]) {
    guard let first = periods.map(\.lowerBound).min(), let last = periods.map(\.upperBound).max() else { return nil }
    self.periods = periods
    known = first...last
  }

  /// Whether a day is one; nil beyond the list.
  func contains(_ day: CivilDay) -> Bool? { known.contains(day) ? periods.contains { $0.contains(day) } : nil }
}

/// Public holidays.
public struct PublicHolidays: Hashable, Sendable {
  /// Whose law names them.
  public enum Law: String, CaseIterable, Hashable, Sendable {
    /// Only the days that are listed.
    case none
    /// Code du travail, article L3133-1.
    case france
    /// Besides, Good Friday and 26 December (article L3134-13): Moselle, Bas-Rhin, Haut-Rhin.
    case alsaceMoselle = "alsace-moselle"
  }
  /// Whose law.
  public var law: Law
  /// Days that somebody added.
  public var others: Set<CivilDay>

  /// Holidays.
  public init(_ law: Law, others: Set<CivilDay> = []) {
    self.law = law
    self.others = others
  }

  /// Whether a day is one.
  public func contains(_ day: CivilDay) -> Bool {
    if others.contains(day) { return true }
    guard law != .none else { return false }
    let date = day.components
    switch (date.month, date.day) {
    case (1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25): return true
    case (12, 26): return law == .alsaceMoselle
    case (3...6, _): break
    default: return false
    }
    switch day.daysSinceEpoch - Easter.sunday(of: date.year).daysSinceEpoch {
    case 1, 39, 50: return true  // Easter Monday, Ascension, Whit Monday
    case -2: return law == .alsaceMoselle
    default: return false
    }
  }
}

enum Easter {
  /// Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
  static func sunday(of year: Int) -> CivilDay {
    let (a, b, c) = (year % 19, year / 100, year % 100)
    let (d, e) = (b / 4, b % 4)
    let g = (b - (b + 8) / 25 + 1) / 3
    let h = (19 * a + b - d - g + 15) % 30
    let (i, k) = (c / 4, c % 4)
    let l = (32 + 2 * e + 2 * i - h - k) % 7
    let m = (a + 11 * h + 22 * l) / 451
    let n = h + l - 7 * m + 114
    return CivilDay(year: year, month: n / 31, day: n % 31 + 1) ?? CivilDay(daysSinceEpoch: 0)
  }
}
