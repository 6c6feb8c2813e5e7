// Pages are made when somebody asks, off the loop, a few times a second each at most, and kept while they are current.

internal import HTTPServer
internal import Quantities
internal import Synchronization

final class PageCache: Sendable {
  /// More pages than this are made anew at every request: a bound on memory, not on places.
  private static let capacity = 2000
  private static let shortest = Duration.milliseconds(400)

  private struct Entry: Sendable {
    var version: UInt64
    var made: ContinuousClock.Instant
    var resource: Resource
  }

  private let entries = Mutex<[String: Entry]>([:])

  /// The page under a key, made if the one that is kept is old.
  func resource(_ key: String, version: UInt64, make: () -> Resource) -> Resource {
    let now = ContinuousClock.now
    let kept = entries.withLock { $0[key] }
    if let kept, kept.version == version || now - kept.made < Self.shortest { return kept.resource }
    let made = make()
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries.removeAll() }
      entries[key] = Entry(version: version, made: now, resource: made)
    }
    return made
  }
}
