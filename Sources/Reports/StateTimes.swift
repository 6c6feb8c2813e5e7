// For how long a place was what: sums of its transitions, by civil day.

internal import Publication
internal import Store

/// Milliseconds in each state.
struct StateTimes {
  var observed: Int64 = 0
  var open: Int64 = 0
  var openingUnknown: Int64 = 0
  var available: Int64 = 0
  var crowded: Int64 = 0
  var warm: Int64 = 0
  var availabilityUnknown: Int64 = 0
  var full: Int64 = 0
  var occupancyKnown: Int64 = 0

  /// Whether it was known at some time of it whether one should go there; a place whose sensors were silent is not warm.
  var knowsAvailability: Bool { available + crowded + warm > 0 || availabilityUnknown == 0 }

  mutating func add(_ other: StateTimes) {
    observed += other.observed
    open += other.open
    openingUnknown += other.openingUnknown
    available += other.available
    crowded += other.crowded
    warm += other.warm
    availabilityUnknown += other.availabilityUnknown
    full += other.full
    occupancyKnown += other.occupancyKnown
  }

  /// An indicator was in a state for so long.
  fileprivate mutating func add(_ state: String?, of indicator: String, _ length: Int64) {
    switch indicator {
    case "opening":
      observed += length
      switch state.flatMap(OpeningState.init(rawValue:)) {
      case .open: open += length
      case .closed: break
      case .unknown, .contradicted, nil: openingUnknown += length
      }
    case "availability":
      switch state.flatMap(Availability.init(rawValue:)) {
      case .available: available += length
      case .crowded: crowded += length
      case .warm: warm += length
      case .closed: break
      case .unknown, nil: availabilityUnknown += length
      }
    default:
      guard let level = state.flatMap(OccupancyLevel.init(rawValue:)) else { return }
      occupancyKnown += length
      if level == .full { full += length }
    }
  }
}

/// Sums up the states of one place.
struct StateClock {
  static let indicators = ["availability", "opening", "occupancy"]

  private let dayStarts: [Int64]
  private let time: Range<Int64>
  /// Times of which nothing is known, in order.
  private let gaps: [HistoryGap]
  private var states: [String: (state: String?, since: Int64)] = [:]
  /// One sum a day of the grid.
  private(set) var days: [StateTimes]

  /// Begins.
  ///
  /// - Parameters:
  ///   - grid: the days.
  ///   - time: what is looked at, Unix milliseconds.
  ///   - gaps: when the gateway was not there; no state is counted then.
  init(_ grid: HourGrid, _ time: Range<Int64>, without gaps: [HistoryGap] = []) {
    self.gaps = gaps
    dayStarts = grid.dayStarts
    self.time = time
    days = Array(repeating: StateTimes(), count: grid.dayStarts.count - 1)
  }

  /// Takes the next change.
  mutating func take(_ change: HistoryChange) {
    // What was before the first one stands in it.
    let last = states[change.indicator] ?? (change.before, time.lowerBound)
    add(last.state, of: change.indicator, from: last.since, to: change.at)
    states[change.indicator] = (change.after, change.at)
  }

  /// Whether nothing is known yet of an indicator.
  func isBlank(_ indicator: String) -> Bool { states[indicator] == nil }

  /// All changes were taken; of an indicator without one the state holds that is given.
  mutating func close(_ before: (String) -> String?) {
    for indicator in Self.indicators {
      let last = states[indicator] ?? (before(indicator), time.lowerBound)
      add(last.state, of: indicator, from: last.since, to: time.upperBound)
    }
  }

  private mutating func add(_ state: String?, of indicator: String, from: Int64, to: Int64) {
    var from = from
    for gap in gaps where gap.from < to && from < gap.until {
      addWhole(state, of: indicator, from: from, to: gap.from)
      from = gap.until
    }
    addWhole(state, of: indicator, from: from, to: to)
  }

  private mutating func addWhole(_ state: String?, of indicator: String, from: Int64, to: Int64) {
    guard from < to else { return }
    var from = from
    var day = Self.day(of: from, dayStarts)
    while from < to, day < days.count {
      let end = min(to, dayStarts[day + 1])
      days[day].add(state, of: indicator, end - from)
      from = end
      day += 1
    }
  }

  /// The last day that begins at or before a moment.
  private static func day(of moment: Int64, _ starts: [Int64]) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }
}
