// The words that leave the house: states and reasons, as they stand in topics, feeds and traces.

/// Whether one should go to a place now.
public enum Availability: String, CaseIterable, Hashable, Sendable { case available, crowded, warm, closed, unknown }

/// Whether a place is open.
public enum OpeningState: String, CaseIterable, Hashable, Sendable { case open, closed, unknown, contradicted }

/// Which of a place's rules decides that it is open or closed.
public enum OpeningRule: String, CaseIterable, Hashable, Sendable { case regular, programme, heat, `override` }

/// How a place's air compares with its reference at the same minutes.
public enum DifferenceClass: String, CaseIterable, Hashable, Sendable {
  case muchCooler = "much_cooler"
  case cooler, same, warmer
}

/// What the felt temperature means for a person.
public enum FeltClass: String, CaseIterable, Hashable, Sendable { case cool, warm, hot, dangerous }

/// What the felt temperature was computed from.
public enum FeltMethod: String, CaseIterable, Hashable, Sendable {
  /// Heat Index from air temperature and humidity.
  case heatIndex = "heat_index"
  /// The air temperature alone.
  case air
}

/// How full a place is.
public enum OccupancyLevel: String, CaseIterable, Hashable, Sendable { case free, busy, full }

/// How loud a place is.
public enum NoiseClass: String, CaseIterable, Hashable, Sendable {
  case quiet, moderate, loud
  case veryLoud = "very_loud"
}

/// Why an indicator is what it is.
public enum Reason: String, CaseIterable, Hashable, Sendable {
  case openNow = "open_now"
  case closedNow = "closed_now"
  case noTimetable = "no_timetable"
  case hoursUnreadable = "hours_unreadable"
  case timetableExpired = "timetable_expired"
  case hoursUncertain = "hours_uncertain"
  case hoursContradicted = "hours_contradicted"
  case overridden
  case notMeasured = "not_measured"
  case noFreshReading = "no_fresh_reading"
  case readingsFailed = "readings_failed"
  case readingsDoubtful = "readings_doubtful"
  case feltCool = "felt_cool"
  case coolerThanReference = "cooler_than_reference"
  case feltHot = "felt_hot"
  case notCooler = "not_cooler"
  case noReference = "no_reference"
  case full
  case roomsTaken = "rooms_taken"
  case roomsUncertain = "rooms_uncertain"

  /// Up to eight reasons in one number, a byte each: the reason's place among all, counted from 1.
  static func packed(_ reasons: [Reason]) -> UInt64 {
    reasons.prefix(8).reversed().reduce(0) { packed, reason in
      packed << 8 | UInt64((allCases.firstIndex(of: reason) ?? 0) + 1)
    }
  }

  /// The reasons in a number.
  static func unpacked(_ packed: UInt64) -> [Reason] {
    sequence(first: packed) { $0 >> 8 }.prefix { $0 != 0 }.map { allCases[Int($0 & 0xFF) - 1] }
  }
}

/// What kind of place it is.
public enum PlaceKind: String, CaseIterable, Hashable, Sendable {
  case schoolyard, park, garden
  case tiersLieu = "tiers_lieu"
  case library, museum, pool, worship
  case townHall = "town_hall"
  case mall, mister, shade, other
}

/// Step-free access.
public enum StepFree: String, CaseIterable, Hashable, Sendable { case yes, limited, no }
