// How many people are in a place, from counters and presence, with what is known of the error.

public import Quantities

/// The private head count of a place.
public struct Headcount: Sendable {
  /// People, never below zero.
  public private(set) var people: Int64 = 0
  /// People who left without having been counted in, since the last reset.
  public private(set) var deficit: Int64 = 0
  /// Passages in and out since the count was last known for sure.
  public private(set) var passages: Int64 = 0
  /// People counted in since the last reset.
  public private(set) var entered: Int64 = 0
  /// People counted out since the last reset.
  public private(set) var left: Int64 = 0
  /// In less out of the time before the last reset, when nobody was left: what the counters had drifted, and of how many
  /// who came in.
  public private(set) var lastDrift: (drift: Int64, entered: Int64)?
  /// Since when every presence sensor has been free.
  public private(set) var freeSince: Instant?
  /// When a sensor last said something about people.
  public private(set) var lastHeard: Instant?
  /// When the count last returned to nobody.
  public private(set) var lastReset: Instant?

  /// Nobody.
  public init() {}

  /// A sensor spoke, even if it changed nothing.
  public mutating func hear(at time: Instant) { lastHeard = max(lastHeard ?? time, time) }

  /// What was clamped at a moment: those who came in at the same one pay it off, in whatever order a message tells them.
  private var clampedPeople: Int64 = 0
  private var clampedAt: Instant = .distantPast

  /// People passed; what was before the last reset is settled.
  public mutating func pass(in entered: Int64, out left: Int64, at time: Instant) {
    guard time > lastReset ?? .distantPast else { return }
    passages += entered + left
    self.entered += entered
    self.left += left
    let paid = time == clampedAt ? min(clampedPeople, entered) : 0
    clampedPeople -= paid
    deficit -= paid
    people += entered - paid - left
    guard people < 0 else { return }
    clampedPeople = (time == clampedAt ? clampedPeople : 0) - people
    clampedAt = time
    deficit -= people
    people = 0
  }

  /// Somebody or something counted heads.
  public mutating func rebase(to count: Int64) {
    people = count
    passages = 0
  }

  /// Every presence sensor is free, or one is not.
  mutating func notePresence(isFree: Bool, at time: Instant) { freeSince = isFree ? freeSince ?? time : nil }

  /// The place is empty for sure.
  public mutating func reset(at time: Instant) {
    lastDrift = (entered - left, entered)
    (entered, left) = (0, 0)
    people = 0
    deficit = 0
    passages = 0
    lastReset = time
  }

  /// A moment to return to nobody passed while somebody was there.
  mutating func skipReset(at time: Instant) { lastReset = time }

  /// The clock is set back.
  mutating func setBack(to now: Instant) {
    lastHeard = lastHeard.map { min($0, now) }
    lastReset = lastReset.map { min($0, now) }
    freeSince = freeSince.map { min($0, now) }
  }

  /// Whether the counters had drifted at the last reset by more than a share, in thousandths, of those who came in.
  ///
  /// A handful of people is no measure of a counter.
  func lastDriftExceeds(_ share: Int64) -> Bool {
    lastDrift.map { abs($0.drift) >= 10 && abs($0.drift) * 1000 > share * $0.entered } ?? false
  }

  /// Whether so few are counted that they may be what counters missed: a tenth of all passages, or five.
  var mayBeDrift: Bool { people <= max(5, passages / 10) }

  /// The half width of the interval around the count, rounded outwards: 3 % of all passages.
  public var uncertainty: Int64 { (passages * 3 + 99) / 100 }

  /// Room that there is for sure: capacity less the upper end of the interval.
  public func free(of capacity: Int) -> Int64 { max(0, Int64(capacity) - min(Int64(capacity), people + uncertainty)) }
}

extension Headcount {
  mutating func archive(_ archive: inout Archive) {
    archive.field(&people)
    archive.field(&deficit)
    archive.field(&passages)
    archive.field(&lastHeard)
    archive.field(&lastReset)
    archive.field(&clampedPeople)
    archive.field(&clampedAt)
    archive.field(&entered)
    archive.field(&left)
    archive.field(&lastDrift, blank: (0, 0)) {
      $0.field(&$1.drift)
      $0.field(&$1.entered)
    }
    archive.field(&freeSince)
  }
}
