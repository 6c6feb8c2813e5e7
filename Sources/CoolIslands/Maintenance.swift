// Acts of people on duty, in the few words that an audit log keeps of what held before and after.

internal import Publication
public import Quantities

/// A time in which somebody works on a sensor: what it says then says nothing of the weather.
public struct Maintenance: Hashable, Sendable {
  /// Until when.
  public var until: Instant
  /// Who said it.
  public var by: String
  /// Why.
  public var reason: String

  /// A time of maintenance.
  public init(until: Instant, by: String, reason: String) {
    self.until = until
    self.by = by
    self.reason = reason
  }
}

extension Maintenance? {
  /// `in service`, or `maintenance until …`.
  public func words(_ zone: CivilZone) -> String { map { "maintenance until \(zone.text($0.until))" } ?? "in service" }
}

extension OpeningOverride? {
  /// `regular hours`, or `open until …`.
  public func words(_ zone: CivilZone) -> String {
    map { "\($0.state.rawValue) until \(zone.text($0.until))" } ?? "regular hours"
  }
}

extension Heat {
  /// What a source says of a moment and of what comes: `nothing`, or each level and its end.
  public func words(of source: HeatEntry.Source, at now: Instant, _ zone: CivilZone) -> String {
    let own = entries.filter { $0.source == source && now < $0.until ?? .distantFuture }
    guard !own.isEmpty else { return "nothing" }
    return own.map { "level \($0.level)" + ($0.until.map { " until \(zone.text($0))" } ?? "") }
      .joined(separator: ", ")
  }
}
