// What waited in the broker while the gateway was away: until it has been told, an arrival says nothing of a reading's age.

internal import Quantities

/// Knows whether the broker may still be telling what waited.
struct Backlog {
  /// How old a reading may be that says nothing of its age and waited in the broker.
  private static let longestWait = Span.minutes(2)
  /// How long it takes at most until all that waited has come.
  private static let time = Span.seconds(30)

  /// When the broker could last have told what came, in core time.
  private var lastOnline: Instant
  /// Until when it tells what waited meanwhile.
  private var until: Span?

  /// Of a gateway that was last there at a moment of core time.
  init(since lastOnline: Instant) { self.lastOnline = lastOnline }

  /// The broker can tell what comes.
  mutating func online(at now: Instant) { lastOnline = now }

  /// A connection is there; the messages of a session that is present have waited.
  mutating func connected(sessionPresent: Bool, at now: Instant, _ moment: Moment) {
    // A connection that broke soon may not have told all of it.
    let hasWaited = sessionPresent && (now - lastOnline > Self.longestWait || isTold(at: moment))
    until = hasWaited ? .milliseconds(moment.uptime.milliseconds + Self.time.milliseconds) : nil
  }

  /// Whether what comes may have waited for too long.
  func isTold(at moment: Moment) -> Bool { until.map { moment.uptime < $0 } ?? false }
}
