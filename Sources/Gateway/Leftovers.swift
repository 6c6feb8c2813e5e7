// What earlier configurations left at the broker: it must go, however often a connection or a process ends meanwhile.

internal import Configuration
internal import Core
internal import CoolIslands
internal import Publication
internal import Quantities

/// Topics and filters that were in use since the journal begins and are no longer.
///
/// A retained topic of a place that is gone would show residents an open place for ever. So the topics are emptied at
/// each connection, and not once, when the connection may break before the broker has seen it.
public struct Leftovers: Hashable, Sendable {
  /// Retained topics that the broker may still hold, in order.
  public private(set) var topics: [String] = []
  /// Filters that the broker's session may still hold, in order.
  public private(set) var filters: [String] = []

  /// Nothing was left.
  public init() {}

  /// A configuration took the place of another.
  mutating func replaced(old: Configured, new: Configured) {
    topics = Set(topics).union(Self.topics(old)).subtracting(Self.topics(new)).sorted()
    filters = Set(filters).union(Self.filters(old)).subtracting(Self.filters(new)).sorted()
  }

  private static func topics(_ configured: Configured) -> [String] {
    configured.city.places.flatMap { [Topics.place($0.about.id), Topics.about($0.about.id)] }
      + [Topics.city(configured.city.id)] + HomeAssistantEntity.topics(configured)
  }

  private static func filters(_ configured: Configured) -> [String] { configured.settings.subscriptions.map(\.filter) }
}

extension Leftovers {
  mutating func archive(_ archive: inout Archive) {
    archive.list(&topics, blank: "") { $0.field(&$1) }
    archive.list(&filters, blank: "") { $0.field(&$1) }
  }
}
