// What was published in the past, as whoever keeps it hands it out.

public import Quantities

/// A change of something that is published of a place.
public struct PublicChange: Hashable, Sendable {
  /// When.
  public var at: Instant
  /// The place's identifier.
  public var place: String
  /// Which indicator.
  public var indicator: String
  /// What it was before; `none` where there was nothing.
  public var before: String
  /// What it has been since.
  public var after: String
  /// Why, for the availability.
  public var reasons: [String]

  /// A change.
  public init(at: Instant, place: String, indicator: String, before: String, after: String, reasons: [String]) {
    self.at = at
    self.place = place
    self.indicator = indicator
    self.before = before
    self.after = after
    self.reasons = reasons
  }
}

/// Whoever keeps what was published; it knows nothing else.
public protocol PublicHistory: Sendable {
  /// Changes of a span of time, in order.
  ///
  /// - Parameters:
  ///   - from: the first moment.
  ///   - to: the first moment after.
  ///   - limit: how many at most.
  /// - Returns: the first ones of the span; nil when they cannot be read.
  func changes(from: Instant, to: Instant, limit: Int) -> [PublicChange]?
}
