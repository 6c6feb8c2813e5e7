// Opening hours as everyone may know them.

internal import Publication
internal import Quantities
internal import Timetables

extension OpeningHours {
  /// Intervals in which the place is open or perhaps open, sorted, apart from each other, for some civil days.
  ///
  /// - Parameters:
  ///   - first: the first day; what reaches into it from the day before is included.
  ///   - days: how many days.
  ///   - calendar: its surroundings.
  /// - Returns: intervals of which no two neighbours of one state touch.
  func openIntervals(from first: CivilDay, days: Int, in calendar: HoursCalendar) -> [PublicInterval] {
    var result: [PublicInterval] = []
    for interval in intervals(from: first, days: days, in: calendar) where interval.state != .closed {
      let state: OpeningState = interval.state == .open ? .open : .unknown
      if let last = result.last, last.state == state, last.until == interval.from {
        result[result.count - 1].until = interval.until  // only the comment is another
      } else {
        result.append(PublicInterval(from: interval.from, until: interval.until, state: state))
      }
    }
    return result
  }
}
