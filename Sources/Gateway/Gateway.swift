// The gateway: one pass after another over link, store and outlets. It owns all state; one queue calls it.
//
//   read ─▶ admit ─▶ journal ─▶ commit ─▶ acknowledge ─▶ core ─▶ publish

public import Configuration
public import Core
internal import CoolIslands
internal import MQTTLink
internal import Publication
public import Quantities
internal import SensorProtocol
internal import Store

/// How often the gateway does what is not asked of it by a message.
public struct Pace: Sendable {
  /// Entries after which a checkpoint begins, counted from the beginning of the last one.
  ///
  /// So many are read again in about a second after a crash.
  public var checkpointEntries: Int64 = 500_000
  /// Time after which one begins if anything was stored.
  public var checkpointInterval = Span.hours(1)
  /// Bytes of series in one slice of a checkpoint: a few milliseconds of work (`make bench ONLY=checkpoint`).
  public var sliceBytes = 1 << 19
  /// Days of series that a sweep brings to the history with one commit; a step back of the clock touches all of today's.
  public var daysPerCommit = 64
  /// How often retention looks for something that may go.
  public var retentionInterval = Span.minutes(1)

  /// The usual pace.
  public init() {}
}

/// One gateway.
public final class Gateway {
  /// Messages of one batch at most.
  static let batchLimit = 2000
  /// How often a store that failed is tried again.
  static let probeInterval = Span.seconds(1)

  let link: any GatewayLink
  private let store: any GatewayStore
  private let outlets: any GatewayOutlets
  /// The core.
  public private(set) var world: World
  /// The configuration in force.
  public private(set) var configured: Configured
  /// Its text, for checkpoints.
  private var text: ConfigurationText
  private var redeliveries: Redeliveries
  private var publisher: Publisher
  private var historian: Historian
  private var rates: RateLimits

  // Checkpoints and retention.
  private let pace: Pace
  private var run: CheckpointRun?
  /// The last complete one: its number, the last entry that it needs not, and when it was closed.
  private var checkpoint: (number: Int64, first: Int64)
  private var checkpointAt: Span?
  private var trimmedAt: Span?

  // The link.
  private var reconnection = Reconnection()
  private let jitter: () -> Int64
  private var isConnecting = false
  private var isOnline = false
  private var linkReason: String?
  private var subscriptions: [Int: [String]] = [:]
  private var refusedFilters: [String] = []
  /// Whom the settings do not know; since this process began.
  private var strangers = Strangers()
  private var lastKeepAlive = Span.milliseconds(0)
  private var backlog: Backlog

  // The store.
  private var storeReason: String?
  private var lastProbe = Span.milliseconds(0)
  private var batches: Int64 = 0

  private var clock: CoreClock
  private var arrivals = DistinctArrivals()

  // What waits for the next batch.
  private var waiting: [Entry] = []
  private var submissions: [Submission] = []
  private var answered: [(submission: Submission, result: CommandResult)] = []
  private var version: UInt64 = 0
  private var lastShown = Span.milliseconds(0)
  private var lastViewed = Span.milliseconds(0)
  private var unshown: Set<String> = []

  /// A gateway that goes on where a recovery ended.
  ///
  /// - Parameters:
  ///   - recovered: where it ended.
  ///   - link: the broker.
  ///   - store: the journal.
  ///   - outlets: who shows what is known.
  ///   - factor: how much faster core time passes than real time.
  ///   - pace: how often checkpoints are made.
  ///   - jitter: thousandths, 0 to 500, by which a delay before the next connection is shortened.
  public init(
    recovered: consuming Recovered, link: any GatewayLink, store: any GatewayStore, outlets: any GatewayOutlets,
    factor: Int64 = 1, pace: Pace = Pace(), jitter: @escaping () -> Int64 = { .random(in: 0...500) }
  ) {
    self.pace = pace
    historian = recovered.historian
    historian.daysPerCommit = pace.daysPerCommit
    checkpoint = recovered.checkpoint
    configured = recovered.configured
    text = recovered.text
    rates = RateLimits(recovered.configured.settings.limits, sensors: recovered.configured.city.sensors.count)
    redeliveries = recovered.redeliveries
    publisher = Publisher(
      gateway: recovered.configured.settings.gateway, leftovers: recovered.leftovers)
    backlog = Backlog(since: recovered.world.now)
    world = recovered.world
    self.link = link
    self.store = store
    self.outlets = outlets
    clock = CoreClock(factor: factor)
    self.jitter = jitter
  }

  /// One turn: takes what has come, stores it, answers, computes, publishes.
  ///
  /// - Parameter moment: now.
  /// - Returns: whether more is waiting to be read.
  @discardableResult
  public func pass(now moment: Moment) -> Bool {
    defer { outlets.turned(at: moment) }
    let now = clock.time(at: moment, known: world.now)
    if storeReason != nil && !probe(moment) {
      if link.isConnected { link.abandon() }  // a connection that was being made when storing failed
      // What was known grows old all the same; but a step of the clock counts only when it is stored.
      let reached = clock.steps.first?.from ?? now
      historian.hold(&world, position: store.nextPosition - 1, before: reached)
      note(world.advance(before: reached))
      publish(moment)
      return false
    }
    connectIfDue(moment)
    let events = link.read(limit: Self.batchLimit)
    // People's entries count from now on, however long they had to wait.
    var batch = Batch(entries: clock.entries + waiting.map { $0.moved(to: now) })
    submissions = submissions.filter { $0.begin() }
    for submission in submissions {
      batch.submissions[batch.entries.count] = submission
      batch.entries.append(submission.entry.moved(to: now))
    }
    for event in events { admit(event, at: now, moment, &batch) }
    if isOnline { backlog.online(at: now) }
    let first = store.nextPosition
    guard writeHistory(before: now, moment), commit(&batch, at: now, moment) else {
      for submission in submissions { submission.failed() }
      return false
    }
    link.write()  // the acknowledgements leave here, and not before
    apply(batch.entries, from: first, batch.submissions)
    note(world.advance(before: now))  // of this millisecond more may come
    keepAlive(moment)
    publish(moment)
    // Whoever acted sees it done in the next page that they load.
    for (submission, result) in answered { submission.finish(result) }
    answered = []
    return batch.messages >= Self.batchLimit || run != nil || historian.isSweeping || store.hasMoreToTrim
  }

  // MARK: Link

  private func connectIfDue(_ moment: Moment) {
    guard !isOnline, !isConnecting, moment.uptime >= reconnection.notBefore else { return }
    isConnecting = true
    link.startConnecting()
  }

  private func keepAlive(_ moment: Moment) {
    guard link.isConnected, moment.uptime.milliseconds - lastKeepAlive.milliseconds >= 1000 else { return }
    lastKeepAlive = moment.uptime
    link.keepAlive()
  }

  private func connected(sessionPresent: Bool) {
    isConnecting = false
    isOnline = true
    reconnection.succeeded()
    linkReason = nil
    let broker = configured.settings.broker
    Log.notice(
      "broker_connected", "connected to \(broker.host):\(broker.port)\(sessionPresent ? ", session resumed" : "")")
    for filter in publisher.leftovers.filters { link.unsubscribe(filter) }
    subscribe()
    publisher.connected(world: world, configured: configured)
  }

  private func subscribe() {
    refusedFilters = []
    let filters = configured.settings.subscriptions
    for qos in 0...1 {
      let own = filters.filter { $0.qos == qos }.map(\.filter) + (qos == 1 ? [Topics.commandFilter] : [])
      guard !own.isEmpty else { continue }
      if let packet = link.subscribe(own, qos: qos) { subscriptions[packet] = own }
    }
  }

  private func lost(_ reason: String, _ moment: Moment) {
    let wasOnline = isOnline
    isOnline = false
    isConnecting = false
    reconnection.failed(at: moment.uptime, jitter: jitter())
    guard wasOnline || reason != linkReason else { return }  // said once, not at every attempt
    linkReason = reason
    let broker = configured.settings.broker
    Log.warning(
      "broker_lost",
      "no connection to the broker \(broker.host):\(broker.port): \(reason); trying again, at least every 30 s")
  }

  // MARK: Batch

  private func admit(_ event: LinkEvent, at now: Instant, _ moment: Moment, _ batch: inout Batch) {
    switch event {
    case .connected(let sessionPresent):
      redeliveries.connected(sessionPresent: sessionPresent)
      batch.entries.append(.connected(now, sessionPresent: sessionPresent))
      backlog.connected(sessionPresent: sessionPresent, at: now, moment)
      connected(sessionPresent: sessionPresent)
    case .lost(let reason):
      lost(reason, moment)
    case .subscribed(let packet, let accepted):
      for (filter, isAccepted) in zip(subscriptions[packet] ?? [], accepted) where !isAccepted {
        refusedFilters.append(filter)
        Log.error(
          "subscription_refused", "the broker refuses the subscription to \"\(filter)\": check its access rules")
      }
      subscriptions[packet] = nil
    case .published:
      break
    case .message(let arrived):
      batch.messages += 1
      let message = Message(
        arrival: now, topic: arrived.topic, payload: arrived.payload, qos: arrived.qos, isRetained: arrived.isRetained,
        packet: arrived.qos > 0 ? arrived.packet : nil)
      admit(message, moment, &batch)
    }
  }

  private func admit(_ message: Message, _ moment: Moment, _ batch: inout Batch) {
    if redeliveries.isRedelivery(message) {
      let sender = world.sender(of: message)
      batch.refuse(.repeatedDelivery, sender.readings, sensor: sender.sensor)
      batch.redelivered.append(message)
      return
    }
    // Without a guarantee nothing waits.
    switch world.admission(of: message, mayHaveWaited: message.qos > 0 && backlog.isTold(at: moment)) {
    case nil: break  // recovery always ends with a configuration
    case .admitted(var entry, let sensor, let refusals):
      if let sensor, case .message(var message) = entry {
        guard rates.admit(sensor, at: moment.uptime) else {
          let readings = world.sender(of: message).readings + Int64(refusals.count)
          return batch.refuse(.tooMany, readings, sensor: sensor)
        }
        message.arrival = arrivals.distinct(message.arrival, sensor: sensor, of: world.sensorCount)
        entry = .message(message)
      }
      batch.entries.append(entry)
      for refusal in refusals { batch.refuse(refusal, sensor: sensor) }
    case .refused(let refusal, let readings, let sensor):
      batch.refuse(refusal, readings, sensor: sensor)
      if sensor == nil, let stranger = world.stranger(of: message) { strangers.note(stranger, at: message.arrival) }
    }
  }

  /// Stores a batch, and with it what followed from earlier ones; when that fails the core never sees the batch, and the
  /// broker will send it again.
  private func commit(_ batch: inout Batch, at now: Instant, _ moment: Moment) -> Bool {
    batch.close(at: now) { world.city?.sensors[$0].id }
    var commit = Commit()
    commit.batch = Commit.Batch(batch.entries)
    let position = store.nextPosition - 1
    var run = run
    let work: Historian.Work
    do {
      historian.beginSweep(at: now)
      work = try historian.work(world, store, position: position)
      work.join(&commit)
      commit.checkpoint = slice(&run, position: position, moment)
      commit.retention = retention(at: now, moment)
      try store.commit(commit)
    } catch {
      storeFailed(error, moment)
      return false
    }
    historian.stored(work, &world)
    self.run = run
    if let closing = commit.checkpoint?.closing {
      checkpoint = (closing.run, closing.first)
      checkpointAt = moment.uptime
      self.run = nil
    }
    guard commit.batch != nil else { return true }
    batches += 1
    clock.stored()
    waiting = []
    submissions = []
    for message in batch.redelivered { redeliveries.settled(message) }
    for entry in batch.entries {
      if case .connected = entry { continue }  // told already, before its messages were looked at
      redeliveries.stored(entry)
    }
    return true
  }

  /// Time that leaps, because the machine slept or the gateway was off, would take with it what the rings hold and the
  /// history does not know: that is stored first.
  private func writeHistory(before now: Instant, _ moment: Moment) -> Bool {
    guard historian.isLeap(from: world.now, to: now) else { return true }
    do {
      try historian.sweep(&world, store, position: store.nextPosition - 1, until: now)
      return true
    } catch {
      storeFailed(error, moment)
      return false
    }
  }

  // MARK: Checkpoints

  /// The next slice of the run under way, or of one that is due.
  private func slice(_ run: inout CheckpointRun?, position: Int64, _ moment: Moment) -> CheckpointSlice? {
    if run == nil {
      let last = checkpointAt ?? moment.uptime
      checkpointAt = last
      let isDue =
        position - checkpoint.first >= pace.checkpointEntries
        || moment.uptime.milliseconds - last.milliseconds >= pace.checkpointInterval.milliseconds
      guard isDue, position > checkpoint.first else { return nil }
      run = CheckpointRun(number: checkpoint.number + 1, first: position, clock: world.now)
    }
    guard var current = run else { return nil }
    defer { run = current }
    return slice(of: &current, position: position)
  }

  private func slice(of run: inout CheckpointRun, position: Int64) -> CheckpointSlice {
    var (slice, closes) = run.slice(world, position: position, bytes: pace.sliceBytes)
    if closes { slice.closing = run.closing(checkpointState(), position: position) }
    return slice
  }

  /// Everything but the series.
  private func checkpointState() -> [UInt8] {
    var archive = Archive()
    CheckpointState.head(&archive, &text)
    CheckpointState.archive(&archive, &world, &redeliveries, &publisher.leftovers)
    return archive.bytes
  }

  /// What may go, now and then.
  private func retention(at now: Instant, _ moment: Moment) -> Retention? {
    let last = trimmedAt?.milliseconds ?? .min / 2
    guard store.hasMoreToTrim || moment.uptime.milliseconds - last >= pace.retentionInterval.milliseconds else {
      return nil
    }
    trimmedAt = moment.uptime
    let kept = configured.settings.retention
    let today = configured.city.zone.civil(now).day
    return Retention(
      journalBefore: (now - .days(kept.journalDays)).milliseconds, journalBytes: kept.journalMebibytes << 20,
      quartersBefore: today.adding(days: -kept.quarterDays).daysSinceEpoch,
      daysBefore: today.adding(days: -kept.historyDays).daysSinceEpoch,
      transitionsBefore: (now - .days(kept.historyDays)).milliseconds)
  }

  private func storeFailed(_ error: StoreError, _ moment: Moment) {
    storeReason = error.description
    lastProbe = moment.uptime
    Log.error(
      "store_failed",
      "\(error.isDiskFull ? "the disk is full" : "nothing can be stored"): \(error); nothing is acknowledged until it can"
    )
    link.abandon()
    _ = link.read(limit: 0)  // the end of the connection is our own doing, and no news
    isOnline = false
    isConnecting = false
  }

  private func probe(_ moment: Moment) -> Bool {
    guard moment.uptime.milliseconds - lastProbe.milliseconds >= Self.probeInterval.milliseconds else { return false }
    lastProbe = moment.uptime
    do {
      try store.probe()
    } catch {
      return false
    }
    Log.notice("store_recovered", "storing works again")
    storeReason = nil
    return true
  }

  // MARK: Core

  private func apply(_ entries: [Entry], from first: Int64, _ submissions: [Int: Submission]) {
    for (index, entry) in entries.enumerated() {
      let position = first + Int64(index)
      if historian.isLeap(from: world.now, to: entry.at) {
        historian.hold(&world, position: position - 1, before: entry.at)
      }
      switch entry {
      case .configuration(let at, let text):
        run = nil  // its series are of another city
        guard let configured = ConfigurationReader.values(text).configured else { continue }
        self.text = text
        put(configured, at: at, position: position)
      case .clock(let from, let to):
        run = nil  // its series may know of a time that has not come yet
        historian.clockSet(from: from, to: to, at: world.now, of: position)
        note(world.ingest(entry), of: position)
      default:
        let effects = world.ingest(entry)
        note(effects, of: position)
        if let submission = submissions[index], case .command(let result)? = effects.last {
          answered.append((submission, result))
        }
      }
    }
  }

  private func put(_ new: Configured, at: Instant, position: Int64) {
    historian.reconfigured(new.city)
    rates = RateLimits(new.settings.limits, sensors: new.city.sensors.count)
    publisher.replaced(old: configured, new: new)
    let oldFilters = Set(configured.settings.subscriptions.map(\.filter))
    let newFilters = Set(new.settings.subscriptions.map(\.filter))
    configured = new
    note(world.configure(new.city, at: at), of: position)
    guard isOnline else { return }
    for filter in oldFilters.subtracting(newFilters).sorted() { link.unsubscribe(filter) }
    subscribe()
    publisher.connected(world: world, configured: new)
  }

  /// Tells what followed from an entry, or from the time before the next one.
  private func note(_ effects: [Effect], of entry: Int64? = nil) {
    guard !effects.isEmpty else { return }
    historian.note(effects, of: entry ?? store.nextPosition)
    outlets.note(effects, zone: configured.city.zone)
    for effect in effects {
      switch effect {
      case .transition, .history, .coverage: break
      case .heat(_, let from, let to):
        func name(_ level: Int?) -> String { level.map(String.init) ?? "unknown" }
        Log.notice("heat_level", "the heat level is \(name(to)), it was \(name(from))")
      case .command(let result):
        Log.notice("command", "\(result.topic): \(result.refusal.map { "refused, \($0)" } ?? "accepted")")
        publisher.answer(result)
      }
    }
  }

  /// Puts a new configuration into the next batch; its moment is that of the batch.
  public func submit(_ entry: Entry) { waiting.append(entry) }

  /// Puts an act of a person on duty into the next batch, unless they stop waiting before.
  public func submit(_ submission: Submission) { submissions.append(submission) }

  // MARK: Publishing

  private func publish(_ moment: Moment) {
    publisher.take(world.takeChanges(), in: world)
    if isOnline {
      publisher.publish(world, on: link, at: moment.uptime)
      link.write()
    }
    unshown.formUnion(publisher.takeUnshown())
    func isDue(_ last: Span) -> Bool { version == 0 || moment.uptime.milliseconds - last.milliseconds >= 500 }
    if isDue(lastViewed) || !answered.isEmpty {
      lastViewed = moment.uptime
      if let view = world.withState({ $0.operatorsView(at: world.now) }) { outlets.show(view, status: status) }
    }
    guard !unshown.isEmpty || version == 0, isDue(lastShown) else { return }
    lastShown = moment.uptime
    version += 1
    guard let snapshot = world.snapshot(version: version) else { return }
    outlets.show(snapshot, changed: unshown.sorted())
    unshown = []
  }

  private var status: GatewayStatus {
    GatewayStatus(
      brokerConnected: isOnline, brokerReason: linkReason, refusedFilters: refusedFilters, storeReason: storeReason,
      ledger: world.ledger, position: store.nextPosition - 1, checkpoint: checkpoint, batches: batches,
      strangers: strangers)
  }

  /// Says goodbye, and puts down what there is so that the next start need not read it again.
  ///
  /// The status is `offline`, and the last will stays in the drawer.
  public func stop() {
    putDown()
    guard isOnline else { return }
    publisher.goodbye(on: link)
    link.write()
    link.disconnect()
    isOnline = false
  }

  /// A last checkpoint.
  private func putDown() {
    guard storeReason == nil, store.nextPosition - 1 > checkpoint.first || run != nil else { return }
    let position = store.nextPosition - 1
    var last = CheckpointRun(number: checkpoint.number + 1, first: position, clock: world.now)
    do {
      var isClosed = false
      while !isClosed {
        let work = try historian.work(world, store, position: position)
        var commit = Commit()
        work.join(&commit)
        commit.checkpoint = slice(of: &last, position: position)
        isClosed = commit.checkpoint?.closing != nil
        try store.commit(commit)
        historian.stored(work, &world)
      }
    } catch {
      Log.warning("checkpoint_failed", "the last checkpoint could not be written: \(error)")
    }
  }
}
