// The core: a pure function of the journal. The same entries give the same effects, on any machine, on any day.

public import CoolIslands
public import Publication
public import Quantities
internal import RingSeries
internal import SensorProtocol

/// What the world asks its surroundings to do or to note.
public enum Effect: Hashable, Sendable {
  /// A public indicator of a place changed.
  case transition(Transition)
  /// The heat level in force changed; nil is unknown.
  case heat(at: Instant, from: Int?, to: Int?)
  /// A command was answered.
  case command(CommandResult)
  /// The history must take something, since the rings will not hold it.
  case history(HistoryPiece)
  /// Who has a cool place in reach, of a quarter of an hour that begins.
  case coverage(CoverageMoment)
}

/// Which public values changed since they were last taken.
public struct Changes: Hashable, Sendable {
  /// Places whose indicators changed, by index.
  public var indicators: Set<Int> = []
  /// Places whose description changed, by index.
  public var about: Set<Int> = []
  /// Whether the city's counts or heat may have changed.
  public var city = false
  /// Whether there is another configuration: all is to be published anew.
  public var configuration = false

  /// Nothing.
  public init() {}

  /// Whether anything changed.
  public var isEmpty: Bool { indicators.isEmpty && about.isEmpty && !city && !configuration }
}

/// Everything the gateway knows, and the only thing that computes.
///
/// Evaluation happens on whole seconds at which something is due, and an entry at *t* is preceded by every due second
/// before *t*: so the result does not depend on how entries were batched, and what comes at one moment is judged
/// together.
public struct World: ~Copyable, Sendable {
  /// The city's state; that of an empty city before the first configuration.
  var state = CityState(city: .empty, at: Instant(milliseconds: 0))
  /// Whether there was a configuration.
  var isConfigured = false
  /// How far time has come.
  public internal(set) var now: Instant = .distantPast
  var changes = Changes()
  var heatLevel: Int?
  var heatCheckedAt: Instant = .distantPast

  /// A world that knows nothing.
  public init() {}

  /// Takes an entry.
  ///
  /// A configuration must come as its values, by ``configure(_:at:)``.
  ///
  /// - Parameter entry: the next entry of the journal.
  /// - Returns: what follows from it, in order.
  public mutating func ingest(_ entry: Entry) -> [Effect] {
    if case .clock(let from, let to) = entry { return setClock(from: from, to: to) }
    var effects = advance(before: entry.at)
    switch entry {
    case .message(let message): effects += observe(message).map(Effect.history)
    case .command(let message): effects.append(.command(obey(message)))
    case .refused(_, let source, let counts):
      let sensor = source.flatMap { id in state.sensor(id) }
      for count in counts { state.refuse(count.refusal, count.count, sensor: sensor) }
    case .configuration, .connected, .clock: break  // told elsewhere
    }
    return effects
  }

  /// The clock is set: time passes up to the moment at which it was, then goes on from where it is.
  private mutating func setClock(from: Instant, to: Instant) -> [Effect] {
    var effects = advance(to: from)
    if to < now {  // what was learnt of a time that has not come yet is forgotten
      now = to
      heatCheckedAt = min(heatCheckedAt, to)
      state.setBack(to: to)
      changes.indicators.formUnion(0..<(city?.places.count ?? 0))  // their "since" may lie ahead
    }
    state.evaluateAll(at: to.nextWholeSecond)
    effects += advance(before: to)
    return effects
  }

  /// Puts a configuration into effect.
  ///
  /// - Returns: what follows from the time that passed before it.
  public mutating func configure(_ city: City, at instant: Instant) -> [Effect] {
    var effects = advance(before: instant)
    let second = now.nextWholeSecond
    if isConfigured {
      effects += state.lastPieces(before: city, at: now).map(Effect.history)
      state = CityState(city: city, at: second, carryingOver: state)
    } else {
      state = CityState(city: city, at: second)
      isConfigured = true
    }
    changes = Changes()
    changes.configuration = true
    return effects
  }

  /// Lets time pass: evaluates at every whole second up to `instant` at which something is due.
  public mutating func advance(to instant: Instant) -> [Effect] {
    advance(to: instant, dueBefore: instant + .milliseconds(1))
  }

  /// Lets time pass up to a moment of which more may come: what is due at that very moment waits for it.
  public mutating func advance(before instant: Instant) -> [Effect] { advance(to: instant, dueBefore: instant) }

  private mutating func advance(to instant: Instant, dueBefore limit: Instant) -> [Effect] {
    var effects: [Effect] = []
    while let due = nextDue, due < limit {
      now = max(now, due)
      evaluate(at: due, &effects)
    }
    now = max(now, instant)
    state.advance(to: now)
    return effects
  }

  /// The next whole second at which something must be evaluated.
  private var nextDue: Instant? {
    guard isConfigured else { return nil }
    guard let heatDue = state.heat.nextChange(after: heatCheckedAt)?.nextWholeSecond else { return state.nextDue }
    return min(state.nextDue, heatDue)
  }

  private mutating func evaluate(at second: Instant, _ effects: inout [Effect]) {
    state.advance(to: second)
    state.doChores(at: second)
    let level = state.heat.effective(at: second)?.level
    if level != heatLevel { state.heatChanged(at: second) }
    let result = state.evaluateDue(at: second)
    if let coverage = state.workOutCoverage(at: second) { effects.append(.coverage(coverage)) }
    changes.indicators.formUnion(result.indicators)
    changes.about.formUnion(result.about)
    if !result.indicators.isEmpty { changes.city = true }
    effects += result.transitions.map(Effect.transition)
    heatCheckedAt = second
    guard level != heatLevel else { return }
    effects.append(.heat(at: second, from: heatLevel, to: level))
    heatLevel = level
    changes.city = true
  }

  /// Decides whether a message may enter the journal; nil before the first configuration.
  ///
  /// - Parameters:
  ///   - message: what arrived.
  ///   - mayHaveWaited: whether the broker may have kept it for so long that its arrival says nothing of its age.
  /// - Returns: the decision.
  public func admission(of message: Message, mayHaveWaited: Bool = false) -> Admission? {
    withState { $0.admission(of: message, mayHaveWaited: mayHaveWaited) }
  }

  /// Who sent a message, and how many readings it holds: 1 where that cannot be known.
  public func sender(of message: Message) -> (sensor: Int?, readings: Int64) {
    withState { state in
      guard let sender = try? state.sender(of: message.payload, topic: message.topic) else { return (nil, 1) }
      let decoded = try? state.decode(
        message.payload, of: sender, topic: message.topic, arrival: message.arrival)
      return (sender.sensor, Int64(decoded?.count ?? 1))
    } ?? (nil, 1)
  }

  /// Who sent a message that no sensor of the settings sent: see ``CityState/stranger(of:topic:arrival:)``.
  public func stranger(of message: Message) -> Stranger? {
    withState { $0.stranger(of: message.payload, topic: message.topic, arrival: message.arrival) } ?? nil
  }

  /// How many sensors are configured.
  public var sensorCount: Int { withState { $0.city.sensors.count } ?? 0 }

  /// The account of every reading since the journal begins.
  public var ledger: Ledger { withState { $0.ledger } ?? Ledger() }

  /// A place as everyone may know it; nil before its first evaluation.
  public func publicPlace(_ index: Int) -> PublicPlace? { withState { $0.publicPlace(index) } ?? nil }

  /// The city as it is configured; nil before the first configuration.
  public var city: City? { withState { $0.city } }

  /// Looks at the city's state.
  ///
  /// - Parameter body: what is to be learnt of it.
  /// - Returns: what `body` returned; nil before the first configuration.
  public func withState<Result>(_ body: (borrowing CityState) -> Result) -> Result? {
    isConfigured ? body(state) : nil
  }

  /// What changed since this was last called.
  public mutating func takeChanges() -> Changes {
    defer { changes = Changes() }
    return changes
  }

  private mutating func observe(_ message: Message) -> [HistoryPiece] {
    if let pieces = state.receive(message.payload, topic: message.topic, arrival: message.arrival) { return pieces }
    // A trace that somebody recorded holds what admission would have sorted out.
    if Topics.isCommand(message.topic) { _ = obey(message) } else { state.refuse(.sensorUnknown, 1, sensor: nil) }
    return []
  }

  private mutating func obey(_ message: Message) -> CommandResult {
    let second = message.arrival.nextWholeSecond
    let zone = state.city.zone
    var result = CommandResult(topic: message.topic, at: message.arrival)
    (result.by, result.reason) = Command.author(of: message)
    // What comes from a broker has a packet's number, or was sent without a guarantee.
    result.isFromPort = message.qos == 1 && message.packet == nil
    do throws(CommandError) {
      switch try Command(message, departement: state.city.departement) {
      case .heat(let source, let entries):
        if source == .feed { result.by = "Météo-France" }
        result.before = state.heat.words(of: source, at: message.arrival, zone)
        state.setHeat(entries, of: source, at: second)
        result.after = state.heat.words(of: source, at: message.arrival, zone)
        result.isNews = source != .feed || result.before != result.after
      case .override(let id, let override):
        guard let place = state.place(id) else { throw CommandError("there is no place \"\(id)\"") }
        result.before = state.override(of: place).words(zone)
        state.setOverride(override, place: place, at: second)
        result.after = override.words(zone)
      case .maintenance(let id, let maintenance):
        guard let sensor = state.sensor(id) else { throw CommandError("there is no sensor \"\(id)\"") }
        result.before = state.maintenance(of: sensor, at: message.arrival).words(zone)
        state.setMaintenance(maintenance, sensor: sensor)
        result.after = maintenance.words(zone)
      }
      state.noteCommand()
    } catch {
      state.refuse(.commandMalformed, 1, sensor: nil)
      result.refusal = error.description
    }
    return result
  }

  /// All that may be known outside now.
  ///
  /// - Parameter version: the number that tells this snapshot from the one before.
  /// - Returns: the snapshot; nil until every place has been evaluated, within a second of a configuration.
  public func snapshot(version: UInt64) -> PublicSnapshot? {
    withState { state in
      let places = state.publicPlaces()
      guard places.count == state.city.places.count else { return nil }
      return PublicSnapshot(version: version, at: now, city: state.publicCity(at: now), places: places)
    } ?? nil
  }
}
