// The core's time: within the journal it never runs backwards, except by a step that the journal tells.

internal import Core
internal import Quantities

/// Tells the core's time, and which steps of the system's clock the journal must hear of.
struct CoreClock {
  /// A clock that jumped by more than this is noted in the journal.
  static let step = Span.seconds(5)

  /// How much faster core time passes than real time.
  private let factor: Int64
  private var last: Moment?
  /// Steps that are not stored yet, in order: where the clock was, and where to it was set.
  private(set) var steps: [(from: Instant, to: Instant)] = []

  init(factor: Int64) { self.factor = factor }

  /// The steps that are not stored yet, as entries.
  var entries: [Entry] { steps.map { .clock(from: $0.from, to: $0.to) } }

  /// The steps are stored.
  mutating func stored() { steps = [] }

  /// The time at a moment.
  ///
  /// - Parameters:
  ///   - moment: what the clocks show.
  ///   - known: how far the core has come.
  /// - Returns: never less than `known`, unless the clock was set back.
  mutating func time(at moment: Moment, known: Instant) -> Instant {
    defer { last = moment }
    // Where the clock was set to, if that could not be stored yet.
    let reached = steps.last?.to ?? known
    guard let last else {
      // A long time off is leapt over; evaluating every minute of a year would take too long.
      let isLong = moment.core - reached > .days(1)
      guard isLong || reached - moment.core > Self.step else { return max(moment.core, reached) }
      if !isLong {
        Log.warning("clock_behind", "the clock is behind the journal by \((reached - moment.core).seconds) s")
      }
      steps.append((reached, moment.core))
      return moment.core
    }
    let passed = (moment.uptime.milliseconds - last.uptime.milliseconds) * factor
    let expected = last.core + .milliseconds(passed)
    let deviation = (moment.core - expected).milliseconds
    if abs(deviation) > Self.step.milliseconds * factor {
      Log.warning("clock_stepped", "the clock was set by \(deviation / 1000) s")
      steps.append((max(expected, reached), moment.core))
      return moment.core
    }
    return max(moment.core, reached)
  }
}
