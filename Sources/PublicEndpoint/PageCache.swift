// Pages are made when somebody asks, off the loop, a few times a second each at most, and kept while they are current.

internal import HTTPServer
internal import Quantities
internal import Synchronization

final class PageCache: Sendable {
  /// Bytes of what is kept, in all its encodings: a bound on memory, not on places or on what strangers ask for.
  private static let capacity = 64 * 1024 * 1024
  private static let shortest = Duration.milliseconds(400)

  private struct Entry: Sendable {
    var version: UInt64
    var made: ContinuousClock.Instant
    var resource: Resource
  }

  private struct State: Sendable {
    var entries: [String: Entry] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())

  /// The page under a key, made if the one that is kept is old.
  func resource(_ key: String, version: UInt64, make: () -> Resource) -> Resource {
    let now = ContinuousClock.now
    let kept = state.withLock { $0.entries[key] }
    if let kept, kept.version == version || now - kept.made < Self.shortest { return kept.resource }
    let made = make()
    state.withLock { state in
      if let old = state.entries.removeValue(forKey: key) { state.bytes -= Self.cost(old.resource, key) }
      state.bytes += Self.cost(made, key)
      if state.bytes > Self.capacity {
        state.entries.removeAll()
        state.bytes = Self.cost(made, key)
      }
      // What is larger than all of it together is not kept at all.
      guard state.bytes <= Self.capacity else { return state.bytes = 0 }
      state.entries[key] = Entry(version: version, made: now, resource: made)
    }
    return made
  }

  /// Lets go of a page that should not have been kept.
  func forget(_ key: String) {
    state.withLock { state in
      if let old = state.entries.removeValue(forKey: key) { state.bytes -= Self.cost(old.resource, key) }
    }
  }

  /// The body, libmicrohttpd's copy of it, and a compressed one.
  private static func cost(_ resource: Resource, _ key: String) -> Int { resource.size * 3 + key.utf8.count + 500 }
}
