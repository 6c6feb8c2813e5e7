// When a schoolyard's occupancy and noise are not taken in, for those who read the history.

public import Publication
public import Quantities

extension City {
  /// The times in which nothing about people and sound is taken in of a place.
  ///
  /// - Parameters:
  ///   - place: its index.
  ///   - first: the first civil day.
  ///   - days: how many days.
  /// - Returns: sorted times, also those that nobody is sure of; none where the place has no school hours.
  public func schoolTimes(of place: Int, from first: CivilDay, days: Int) -> [PublicInterval] {
    places[place].schoolHours?.openIntervals(from: first, days: days, in: calendar(of: place)) ?? []
  }
}
