// The rules of alerts: a pure function of facts, settings and time, with a memory of its own.

public import Configuration
public import Quantities

/// Decides what people on duty are told.
///
/// A subject of a rule is watched from the moment at which the rule holds for it. It is raised when the rule has held for
/// long enough, told when its group is complete and no quiet hours are in the way, and cleared when the rule has not held
/// for long enough. What is not known changes nothing.
public struct AlertEngine: Sendable {
  /// What is known of a subject of a rule.
  struct Watch: Hashable, Sendable {
    var name: String
    /// Since when it is so, for people.
    var since: Instant
    /// Since when it has been seen to be so.
    var seen: Instant
    var raised: Instant?
    var isTold = false
    /// Since when it is so no more.
    var ending: Instant?
    /// When that counted; what stands here waits to be told.
    var cleared: Instant?
  }

  /// An alert that is raised.
  public struct Current: Hashable, Sendable {
    /// The rule.
    public var rule: AlertRule
    /// How much it matters.
    public var severity: AlertSeverity
    /// Whom it concerns.
    public var subject: AlertSubject
    /// Whether it was told already, or waits for its group or for the end of quiet hours.
    public var isTold: Bool
  }

  /// How long ago a place must have been cool, so that its heat is news.
  static let coolMemory = Span.hours(24)
  /// The share of the free space, in percent of its limit, at which a disk is no longer low.
  static let diskRecovered: Int64 = 120

  let settings: Settings.Alerts
  let zone: CivilZone
  var watches: [AlertRule: [String: Watch]] = [:]
  /// When each place was last seen to be cool, to the hour.
  var lastCool: [String: Instant] = [:]

  /// An engine that has seen nothing.
  ///
  /// - Parameters:
  ///   - settings: rules and quiet hours.
  ///   - zone: the civil time of quiet hours.
  public init(_ settings: Settings.Alerts, zone: CivilZone) {
    self.settings = settings
    self.zone = zone
  }

  /// Looks at the facts, and says what is to be told.
  ///
  /// - Parameters:
  ///   - facts: how things are.
  ///   - now: core time.
  /// - Returns: events in the order of the rules, subjects in the order of their identifiers.
  public mutating func look(at facts: AlertFacts, now: Instant) -> [AlertEvent] {
    remember(facts.places, now)
    var events: [AlertEvent] = []
    for rule in AlertRule.allCases {
      guard let numbers = settings.rules[rule] else {
        watches[rule] = nil  // switched off: nothing is left of it
        continue
      }
      var known = watches[rule] ?? [:]
      let conditions = conditions(rule, numbers, facts, now)
      if !known.isEmpty {
        // A sensor or place that the settings name no more is over at once.
        let subjects = Set(conditions.map(\.id))
        for id in known.keys where !subjects.contains(id) { Self.end(&known, id, now) }
      }
      for condition in conditions { Self.step(&known, condition, numbers, now) }
      if !(rule.canWait && isQuiet(now)) { events += tell(rule, &known, now) }
      watches[rule] = known.isEmpty ? nil : known
    }
    return events
  }

  /// What is raised now, in the order of rules and identifiers.
  public var current: [Current] {
    AlertRule.allCases.flatMap { rule in
      (watches[rule] ?? [:]).sorted { $0.key < $1.key }.compactMap { id, watch in
        guard watch.raised != nil, watch.cleared == nil else { return nil }
        let subject = AlertSubject(id: id, name: watch.name, since: watch.since)
        return Current(rule: rule, severity: AlertEvent.severity(rule, id), subject: subject, isTold: watch.isTold)
      }
    }
  }

  private func isQuiet(_ now: Instant) -> Bool {
    settings.quietHours?.contains(zone.civil(now).minuteOfDay) ?? false
  }

  private static func step(
    _ known: inout [String: Watch], _ condition: Condition, _ numbers: Settings.Alerts.Rule, _ now: Instant
  ) {
    let id = condition.id
    switch condition.holds {
    case true?:
      var watch = known[id] ?? Watch(name: condition.name, since: condition.since ?? now, seen: now)
      watch.name = condition.name
      watch.seen = min(watch.seen, now)  // a clock that was set back
      watch.ending = nil
      watch.cleared = nil  // what was told of it is true again
      if watch.raised == nil && now - watch.seen >= numbers.after { watch.raised = now }
      known[id] = watch
    case false?:
      guard var watch = known[id] else { return }
      guard watch.isTold else {
        known[id] = nil
        return
      }
      let ending = min(watch.ending ?? now, now)
      watch.ending = ending
      if watch.cleared == nil && now - ending >= numbers.clearAfter { watch.cleared = now }
      known[id] = watch
    case nil:
      // Not known: what was told stays so, what was on its way begins again.
      if known[id]?.isTold != true { known[id] = nil } else if known[id]?.ending == nil { known[id]?.cleared = nil }
    }
  }

  private static func end(_ known: inout [String: Watch], _ id: String, _ now: Instant) {
    guard let watch = known[id], watch.isTold else {
      known[id] = nil
      return
    }
    if watch.cleared == nil { known[id]?.cleared = now }
  }

  /// What is to be told of a rule: all together when the first of them has waited long enough for others.
  private func tell(_ rule: AlertRule, _ known: inout [String: Watch], _ now: Instant) -> [AlertEvent] {
    var events: [AlertEvent] = []
    func event(_ state: AlertEvent.State, _ members: [(key: String, value: Watch)], _ first: Instant?) -> Bool {
      // A first one in the future was seen before the clock was set back: it has waited long enough.
      guard let first, now - first >= settings.group || first > now else { return false }
      let subjects = members.sorted { $0.key < $1.key }.map {
        AlertSubject(id: $0.key, name: $0.value.name, since: $0.value.since)
      }
      if settings.group == .seconds(0) {
        events += subjects.map { AlertEvent(rule: rule, state: state, at: now, subjects: [$0]) }
      } else {
        events.append(AlertEvent(rule: rule, state: state, at: now, subjects: subjects))
      }
      return true
    }
    // What is over is told first: a level that is left before one that is reached.
    let over = known.filter { $0.value.cleared != nil }
    if event(.cleared, Array(over), over.values.compactMap(\.cleared).min()) {
      for id in over.keys { known[id] = nil }
    }
    let new = known.filter { $0.value.raised != nil && !$0.value.isTold }
    if event(.raised, Array(new), new.values.compactMap(\.raised).min()) {
      for id in new.keys { known[id]?.isTold = true }
    }
    return events
  }
}
