// What goes on in a place, as its calendar says: slots that open it, and slots that take its rooms.

public import Quantities

/// A calendar's events.
public struct Programme: Hashable, Sendable {
  /// The events, in the order of the file.
  public var events: [Event]
  /// What was read otherwise than it is written, and what could not be read.
  public var warnings: [ICalendarProblem]
  /// Whether all events that take room were understood; if not, nobody knows how much room there is.
  public var isWhole = true
  /// Days of slots that are looked at together, and how many slots there may be in them.
  static let window = 11
  /// Most slots in them.
  static let maximumSlots = 5000

  /// What an event does to its place.
  public enum Effect: Hashable, Sendable {
    /// The place is open meanwhile.
    case opens
    /// So many people's room is taken; nil takes it all.
    case takes(Int?)
  }

  /// A slot of a programme.
  public struct Slot: Hashable, Sendable {
    /// The first moment.
    public var from: Instant
    /// The first moment after.
    public var until: Instant
    /// What it does.
    public var effect: Effect
  }

  /// An event, perhaps one that comes again.
  public struct Event: Hashable, Sendable {
    /// Its first day and the wall time at which it begins, in seconds.
    var day: CivilDay
    var secondOfDay: Int
    /// How long it is by the clock on the wall, in seconds.
    var length: Int
    /// Whether its times are those of UTC, not of the place.
    var isUTC: Bool
    var recurrence: Recurrence?
    /// Days beside the recurrence, and days on which it does not take place.
    var others: [CivilDay] = []
    var exceptions: Set<CivilDay> = []
    /// What it does.
    public var effect: Effect
  }

  /// The slots that touch some civil days, in order.
  ///
  /// - Parameters:
  ///   - first: the first day.
  ///   - days: how many days.
  ///   - zone: civil time of the place.
  /// - Returns: slots by their beginning, half-open.
  public func slots(from first: CivilDay, days: Int64, in zone: CivilZone) -> [Slot] {
    let (from, until) = (
      zone.instant(first, secondOfDay: 0), zone.instant(first.adding(days: days), secondOfDay: 0)
    )
    var slots: [Slot] = []
    for event in events {
      let clock = event.isUTC ? .utc : zone
      let reach = Int64(event.length / 86_400 + 2)
      for day in event.days(from: first.adding(days: -reach), through: first.adding(days: days + 1), in: clock) {
        let slot = Slot(
          from: clock.instant(day, secondOfDay: event.secondOfDay),
          until: clock.instant(day, secondOfDay: event.secondOfDay + event.length, occurrence: .last),
          effect: event.effect)
        if slot.from < until && slot.until > from && slot.from < slot.until { slots.append(slot) }
      }
    }
    return slots.sorted { ($0.from, $0.until) < ($1.from, $1.until) }
  }
}

extension Programme.Event {
  /// The days on which it begins, in order, without doubles.
  func days(from first: CivilDay, through last: CivilDay, in zone: CivilZone) -> [CivilDay] {
    guard first <= last else { return [] }
    var days: Set<CivilDay> = day >= first && day <= last ? [day] : []
    days.formUnion(others.filter { $0 >= first && $0 <= last })
    if let recurrence {
      recurrence.visit(from: day, first...last) { candidate in
        if let end = recurrence.until, end.isBefore(candidate, secondOfDay, zone) { return false }
        if candidate >= first { days.insert(candidate) }
        return true
      }
    }
    return days.subtracting(exceptions).sorted()
  }
}
