// Alerts at work: looks at the facts, keeps the outbox, and delivers, on a queue of its own.

public import Configuration
internal import Dispatch
public import Quantities
internal import Store
internal import Synchronization

/// What the service tells the log.
public enum AlertNews: Sendable {
  /// An alert is raised, or over.
  case raised, cleared
  /// A receiver did not take an alert, takes them again, or does not want one.
  case notDelivered, delivered, refused
  /// Too many waited for a receiver.
  case dropped
  /// The outbox cannot be opened, cannot be written, or can be again.
  case outboxClosed, outboxFailed, outboxRecovered
}

/// Tells people on duty what they should know.
///
/// State and events are stored in one transaction before anything of them leaves; each acknowledgement is stored before
/// the next message to the same receiver. What the disk does not take is held in memory, and leaves all the same.
///
/// `@unchecked Sendable`: everything but the status is touched on the queue alone.
public final class AlertService: @unchecked Sendable {
  /// What the service needs of the world.
  public struct Surroundings: Sendable {
    /// How things are; nil before anything is known.
    public var facts: @Sendable () -> AlertFacts?
    /// Core time.
    public var now: @Sendable () -> Instant
    /// Takes a sentence for the log.
    public var log: @Sendable (AlertNews, _ text: String) -> Void
    /// A name that no other event has.
    public var makeID: @Sendable () -> String

    /// Surroundings.
    public init(
      facts: @escaping @Sendable () -> AlertFacts?, now: @escaping @Sendable () -> Instant,
      log: @escaping @Sendable (AlertNews, String) -> Void, makeID: @escaping @Sendable () -> String
    ) {
      self.facts = facts
      self.now = now
      self.log = log
      self.makeID = makeID
    }
  }

  /// A receiver and what waits for it.
  private struct Line {
    var receiver: any AlertReceiver
    var waiting: [OutboxEvent]
    var counts: [OutboxCommit.Ending: Int64]
    var isBusy = false
    var attempts = 0
    var refusals = 0
    var notBefore = DispatchTime(uptimeNanoseconds: 0)
    var lastError: String?
  }

  /// How often the facts are looked at.
  private static let interval = DispatchTimeInterval.milliseconds(500)
  /// How often a message is offered to a receiver that does not want it.
  private static let mostRefusals = 10
  /// How long a stop waits for answers that are under way.
  private static let patience = DispatchTimeInterval.seconds(1)

  private let settings: Settings.Alerts
  private let origin: AlertOrigin
  private let surroundings: Surroundings
  private let queue = DispatchQueue(label: "tonnelle.alerts", qos: .utility)
  /// Signalled when a stop has nothing to wait for any more.
  private let answered = DispatchSemaphore(value: 0)
  private let shown = Mutex(AlertStatus())
  private var outbox: Outbox?
  private var storeReason: String?
  private var engine: AlertEngine
  private var lastState: [UInt8]
  private var nextNumber: Int64 = 1
  private var lines: [Line]
  /// What the disk has not taken yet.
  private var unstored = OutboxCommit()
  private var timer: (any DispatchSourceTimer)?
  private var isStopping = false

  /// Opens the outbox; nothing is looked at or sent before ``start()``.
  ///
  /// - Parameters:
  ///   - settings: rules, quiet hours, limits.
  ///   - origin: who tells.
  ///   - folder: the data folder, whose lock the caller holds.
  ///   - receivers: who is told.
  ///   - surroundings: facts, time and log.
  public init(
    _ settings: Settings.Alerts, from origin: AlertOrigin, folder: String, receivers: [any AlertReceiver],
    surroundings: Surroundings
  ) {
    self.settings = settings
    self.origin = origin
    self.surroundings = surroundings
    engine = AlertEngine(settings, zone: origin.zone)
    lines = receivers.map { Line(receiver: $0, waiting: [], counts: [:]) }
    lastState = engine.archive
    do {
      let outbox = try Outbox(folder: folder, receivers: receivers.map(\.id))
      if let state = try outbox.state() {
        engine.restore(state)
        lastState = state
      }
      nextNumber = try outbox.nextNumber()
      for (index, line) in try outbox.lines().enumerated() {
        lines[index].waiting = line.waiting
        lines[index].counts = line.counts
      }
      self.outbox = outbox
    } catch {
      storeReason = error.description
      surroundings.log(.outboxClosed, "\(error); alerts are sent, but a start forgets those that wait")
    }
  }

  /// Begins to look and to send.
  public func start() {
    queue.async { [self] in timer = queue.ticking(every: Self.interval) { [weak self] in self?.turn() } }
  }

  /// Stops; what has not left waits in the outbox for the next start.
  public func stop() {
    let isBusy = queue.sync {
      isStopping = true
      timer?.cancel()
      timer = nil
      return lines.contains(where: \.isBusy)
    }
    if isBusy { _ = answered.wait(timeout: .now() + Self.patience) }
    queue.sync {
      for line in lines { line.receiver.cancel() }
      flush()
      outbox = nil
    }
  }

  /// What is raised, and what waits to be delivered; from any thread.
  public var status: AlertStatus { shown.withLock { $0 } }

  // MARK: One turn

  private func turn() {
    guard !isStopping else { return }
    if let facts = surroundings.facts() {
      let now = surroundings.now()
      let events = engine.look(at: facts, now: now).map { event in
        defer { nextNumber += 1 }
        let id = surroundings.makeID()
        let sentence = "\(event.rule.rawValue): \(AlertWords.english(event))"
        surroundings.log(event.state == .raised ? .raised : .cleared, sentence)
        return OutboxEvent(number: nextNumber, id: id, body: event.json(id: id, from: origin))
      }
      let state = engine.archive
      if state != lastState {
        lastState = state
        unstored.state = state
      }
      unstored.events += events
      flush()
      for index in lines.indices {
        lines[index].waiting += events
        limit(index)
      }
    }
    for index in lines.indices { send(index) }
    show()
  }

  /// Lets the oldest go where too many wait; never the one that is under way.
  private func limit(_ index: Int) {
    let excess = lines[index].waiting.count - settings.keep
    guard excess > 0 else { return }
    let first = lines[index].isBusy ? 1 : 0
    let gone = lines[index].waiting[first..<first + excess]
    let receiver = lines[index].receiver.id
    for event in gone { settle(index, event, .dropped) }
    surroundings.log(
      .dropped,
      "more than \(settings.keep) alerts wait for \"\(receiver)\": the oldest \(excess) are dropped")
    lines[index].waiting.removeSubrange(first..<first + excess)
    flush()
  }

  private func settle(_ index: Int, _ event: OutboxEvent, _ ending: OutboxCommit.Ending) {
    lines[index].counts[ending, default: 0] += 1
    unstored.settled.append(.init(receiver: lines[index].receiver.id, number: event.number, ending: ending))
  }

  private func flush() {
    guard !unstored.isEmpty else { return }
    guard let outbox else {
      unstored = OutboxCommit()
      return
    }
    do {
      try outbox.commit(unstored)
      unstored = OutboxCommit()
      if storeReason != nil { surroundings.log(.outboxRecovered, "the outbox can be written again") }
      storeReason = nil
    } catch {
      if storeReason == nil {
        surroundings.log(.outboxFailed, "\(error); alerts are sent, but a crash now could send some again")
      }
      storeReason = error.description
      forgetWhatIsOver()
    }
  }

  /// Events that came and went while the disk took nothing need not be stored any more.
  private func forgetWhatIsOver() {
    guard unstored.events.count > settings.keep else { return }
    let waiting = Set(lines.flatMap { $0.waiting.map(\.number) })
    let over = Set(unstored.events.map(\.number)).subtracting(waiting)
    unstored.events.removeAll { over.contains($0.number) }
    unstored.settled.removeAll { over.contains($0.number) }
  }

  // MARK: Delivery

  private func send(_ index: Int) {
    guard !isStopping, !lines[index].isBusy, lines[index].notBefore <= .now(), let event = lines[index].waiting.first
    else { return }
    lines[index].isBusy = true
    lines[index].receiver.deliver(event) { [self] delivery in
      queue.async { [self] in
        take(delivery, of: event, index)
        if isStopping, !lines.contains(where: \.isBusy) { answered.signal() }
      }
    }
  }

  private func take(_ delivery: Delivery, of event: OutboxEvent, _ index: Int) {
    let receiver = lines[index].receiver.id
    lines[index].isBusy = false
    switch delivery {
    case .delivered:
      if lines[index].lastError != nil {
        surroundings.log(.delivered, "\"\(receiver)\" takes alerts again")
      }
      finish(index, event, .delivered)
    case .failed(let reason):
      fail(index, reason)
    case .refused(let reason):
      lines[index].refusals += 1
      guard lines[index].refusals >= Self.mostRefusals else { return fail(index, reason) }
      surroundings.log(.refused, "\"\(receiver)\" does not want the alert \(event.id): \(reason)")
      finish(index, event, .refused)
    }
  }

  private func finish(_ index: Int, _ event: OutboxEvent, _ ending: OutboxCommit.Ending) {
    settle(index, event, ending)
    lines[index].waiting.removeFirst()
    lines[index].attempts = 0
    lines[index].refusals = 0
    lines[index].lastError = nil
    flush()  // before the next one
    send(index)
    show()
  }

  private func fail(_ index: Int, _ reason: String) {
    if lines[index].lastError == nil, !isStopping {
      surroundings.log(
        .notDelivered, "\"\(lines[index].receiver.id)\" did not take an alert: \(reason); trying again")
    }
    lines[index].lastError = reason
    lines[index].notBefore = .now() + Self.delay(afterAttempt: lines[index].attempts, jitter: .random(in: 0...500))
    lines[index].attempts += 1
    show()
  }

  /// The delay before a message is sent again: from 1 s, doubled each time, to 10 min, and up to half as much again.
  ///
  /// - Parameters:
  ///   - attempt: how often it had failed before.
  ///   - jitter: thousandths that are added, so that many gateways do not come at once.
  /// - Returns: the delay.
  static func delay(afterAttempt attempt: Int, jitter: Int) -> DispatchTimeInterval {
    let milliseconds = attempt < 10 ? 1000 << attempt : 600_000
    return .milliseconds(min(600_000, milliseconds * (1000 + jitter) / 1000))
  }

  private func show() {
    var status = AlertStatus()
    status.raised = engine.current
    status.storeReason = storeReason
    status.receivers = lines.map { line in
      AlertStatus.Receiver(
        id: line.receiver.id, waiting: line.waiting.count, oldest: line.waiting.first?.id, lastError: line.lastError,
        delivered: line.counts[.delivered] ?? 0, dropped: line.counts[.dropped] ?? 0,
        refused: line.counts[.refused] ?? 0)
    }
    shown.withLock { $0 = status }
  }
}

/// What is raised, and how the outbox is doing.
public struct AlertStatus: Sendable {
  /// Alerts that are raised, in the order of rules and identifiers.
  public var raised: [AlertEngine.Current] = []
  /// Who is told, in the order of the settings.
  public var receivers: [Receiver] = []
  /// Why the outbox cannot be written, if so.
  public var storeReason: String?

  /// A receiver and what waits for it.
  public struct Receiver: Hashable, Sendable {
    /// Identifier.
    public var id: String
    /// Messages that it has not acknowledged.
    public var waiting: Int
    /// The name of the oldest of them.
    public var oldest: String?
    /// Why the last attempt failed; nil after one that did not.
    public var lastError: String?
    /// Messages that it acknowledged, since the outbox was made.
    public var delivered: Int64
    /// Messages that were dropped, since too many were waiting.
    public var dropped: Int64
    /// Messages that it did not want.
    public var refused: Int64
  }

  /// Nothing raised, nobody told.
  public init() {}
}
