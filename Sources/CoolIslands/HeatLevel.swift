// The heat level in force: the highest of what valid sources say.

public import Publication
public import Quantities

/// What one source says about the heat.
public struct HeatEntry: Hashable, Sendable {
  /// Who can say it.
  public enum Source: String, CaseIterable, Hashable, Sendable {
    /// A person on duty, by a command.
    case `operator`
    /// The national bulletin.
    case feed
    /// Three-day means of what the gateway measured; never the official warning.
    case observation
  }

  /// Who says it.
  public var source: Source
  /// 1 green to 4 red.
  public var level: Int
  /// From when.
  public var from: Instant
  /// Until when, if it ends by itself.
  public var until: Instant?
  /// The person or service.
  public var by: String
  /// Why.
  public var reason: String

  /// An entry.
  public init(source: Source, level: Int, from: Instant, until: Instant?, by: String, reason: String) {
    self.source = source
    self.level = level
    self.from = from
    self.until = until
    self.by = by
    self.reason = reason
  }
}

/// The heat of a city: what each source says of now and of what comes.
public struct Heat: Hashable, Sendable {
  /// By source and time, expired entries included until they are replaced.
  public private(set) var entries: [HeatEntry] = []

  /// No source has spoken.
  public init() {}

  /// Replaces what a source says.
  ///
  /// - Parameters:
  ///   - new: what it says now, spans of time that do not overlap.
  ///   - source: the source.
  public mutating func set(_ new: [HeatEntry], of source: HeatEntry.Source) {
    entries.removeAll { $0.source == source }
    entries += new
    entries.sort { ($0.source.rawValue, $0.from) < ($1.source.rawValue, $1.from) }
  }

  /// The clock is set back: what a person said later was said now.
  ///
  /// A bulletin names its times itself.
  mutating func setBack(to now: Instant) {
    for index in entries.indices where entries[index].source == .operator {
      entries[index].from = min(entries[index].from, now)
    }
  }

  /// The level in force; nil when no source is valid.
  public func effective(at now: Instant) -> PublicHeat? {
    let valid = entries.filter { $0.from <= now && now < ($0.until ?? .distantFuture) }
    guard let level = valid.map(\.level).max() else { return nil }
    let holders = valid.filter { $0.level == level }
    let ends = holders.map { end(of: $0) }.max()
    return PublicHeat(
      level: level, sources: holders.map(\.source.rawValue), since: holders.map(\.from).min() ?? now,
      until: ends == .distantFuture ? nil : ends)
  }

  /// Until when a source says at least as much, without a gap.
  private func end(of entry: HeatEntry) -> Instant {
    var end = entry.until ?? .distantFuture
    for next in entries where next.source == entry.source && next.from == end && next.level >= entry.level {
      end = next.until ?? .distantFuture
    }
    return end
  }

  /// The next moment at which an entry begins or ends.
  public func nextChange(after now: Instant) -> Instant? {
    // Asked for every message: no list is made.
    var next = Instant.distantFuture
    for entry in entries {
      if entry.from > now { next = min(next, entry.from) }
      if let until = entry.until, until > now { next = min(next, until) }
    }
    return next == .distantFuture ? nil : next
  }
}

/// What a person on duty said about a place's opening.
public struct OpeningOverride: Hashable, Sendable {
  /// Open or closed.
  public var state: OpeningState
  /// Until when; the timetable holds again after.
  public var until: Instant
  /// Who said it.
  public var by: String
  /// Why.
  public var reason: String

  /// An override.
  public init(state: OpeningState, until: Instant, by: String, reason: String) {
    self.state = state
    self.until = until
    self.by = by
    self.reason = reason
  }
}

extension Heat {
  mutating func archive(_ archive: inout Archive) {
    let blank = HeatEntry(source: .operator, level: 0, from: .distantPast, until: nil, by: "", reason: "")
    archive.list(&entries, blank: blank) {
      $0.field(&$1.source)
      $0.field(&$1.level)
      $0.field(&$1.from)
      $0.field(&$1.until)
      $0.field(&$1.by)
      $0.field(&$1.reason)
    }
  }
}
