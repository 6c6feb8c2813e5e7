// The gateway: one pass after another over link, store and outlets. It owns all state; one queue calls it.
//
//   read ─▶ admit ─▶ journal ─▶ commit ─▶ acknowledge ─▶ core ─▶ publish

public import Configuration
public import Core
internal import CoolIslands
internal import MQTTLink
internal import Publication
internal import Quantities
internal import SensorProtocol
internal import Store

/// One gateway.
public final class Gateway {
  /// Messages of one batch at most.
  static let batchLimit = 2000
  /// A clock that jumped by more than this is noted in the journal.
  static let clockStep = Span.seconds(5)
  /// How often a store that failed is tried again.
  static let probeInterval = Span.seconds(1)

  let link: any GatewayLink
  private let store: any GatewayStore
  private let outlets: any GatewayOutlets
  /// The core.
  public private(set) var world: World
  /// The configuration in force.
  public private(set) var configured: Configured
  private var redeliveries: Redeliveries
  private var publisher: Publisher

  // The link.
  private var reconnection = Reconnection()
  private let jitter: () -> Int64
  private var isConnecting = false
  private var isOnline = false
  private var linkReason: String?
  private var subscriptions: [Int: [String]] = [:]
  private var refusedFilters: [String] = []
  private var lastKeepAlive = Span.milliseconds(0)

  // The store.
  private var storeReason: String?
  private var lastProbe = Span.milliseconds(0)
  private var batches: Int64 = 0

  // The clock.
  private let factor: Int64
  private var lastMoment: Moment?

  /// When each sensor last sent something, by its index.
  private var lastArrivals: [Instant] = []

  // What waits for the next batch.
  private var waiting: [Entry] = []
  private var version: UInt64 = 0
  private var lastShown = Span.milliseconds(0)
  private var unshown: Set<String> = []

  /// A gateway that goes on where a recovery ended.
  ///
  /// - Parameters:
  ///   - recovered: where it ended.
  ///   - link: the broker.
  ///   - store: the journal.
  ///   - outlets: who shows what is known.
  ///   - factor: how much faster core time passes than real time.
  ///   - jitter: thousandths, 0 to 500, by which a delay before the next connection is shortened.
  public init(
    recovered: consuming Recovered, link: any GatewayLink, store: any GatewayStore, outlets: any GatewayOutlets,
    factor: Int64 = 1, jitter: @escaping () -> Int64 = { .random(in: 0...500) }
  ) {
    configured = recovered.configured
    redeliveries = recovered.redeliveries
    publisher = Publisher(
      gateway: recovered.configured.settings.gateway, leftovers: recovered.leftovers)
    world = recovered.world
    self.link = link
    self.store = store
    self.outlets = outlets
    self.factor = factor
    self.jitter = jitter
  }

  /// One turn: takes what has come, stores it, answers, computes, publishes.
  ///
  /// - Parameter moment: now.
  /// - Returns: whether more is waiting to be read.
  @discardableResult
  public func pass(now moment: Moment) -> Bool {
    defer { outlets.turned(at: moment) }
    let now = coreTime(moment)
    if storeReason != nil && !probe(moment) {
      if link.isConnected { link.abandon() }  // a connection that was being made when storing failed
      note(world.advance(to: now))  // what was known grows old all the same
      publish(moment)
      return false
    }
    connectIfDue(moment)
    let events = link.read(limit: Self.batchLimit)
    var batch = Batch(entries: waiting)
    for event in events { admit(event, at: now, &batch) }
    guard commit(&batch, at: now, moment) else { return false }
    link.write()  // the acknowledgements leave here, and not before
    apply(batch.entries)
    note(world.advance(to: now))
    keepAlive(moment)
    publish(moment)
    return batch.messages >= Self.batchLimit
  }

  // MARK: Time

  /// Core time never runs backwards within the journal, except by an entry that says so.
  private func coreTime(_ moment: Moment) -> Instant {
    defer { lastMoment = moment }
    guard let last = lastMoment else {
      guard world.now - moment.core > Self.clockStep else { return max(moment.core, world.now) }
      Log.warning("clock_behind", "the clock is behind the journal by \((world.now - moment.core).seconds) s")
      waiting.append(.clock(from: world.now, to: moment.core))
      return moment.core
    }
    let passed = (moment.uptime.milliseconds - last.uptime.milliseconds) * factor
    let expected = last.core + .milliseconds(passed)
    let deviation = (moment.core - expected).milliseconds
    if abs(deviation) > Self.clockStep.milliseconds * factor {
      Log.warning("clock_stepped", "the clock was set by \(deviation / 1000) s")
      waiting.append(.clock(from: expected, to: moment.core))
      return moment.core
    }
    return max(moment.core, world.now)
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
      "no connection to the broker \(broker.host):\(broker.port): \(reason); trying again, at most every 30 s")
  }

  // MARK: Batch

  private struct Batch {
    var entries: [Entry]
    var refusals: [Refusal: Int64] = [:]
    var redelivered: [Message] = []
    var messages = 0
  }

  private func admit(_ event: LinkEvent, at now: Instant, _ batch: inout Batch) {
    switch event {
    case .connected(let sessionPresent):
      redeliveries.connected(sessionPresent: sessionPresent)
      batch.entries.append(.connected(now, sessionPresent: sessionPresent))
      connected(sessionPresent: sessionPresent)
    case .lost(let reason):
      lost(reason, lastMoment ?? Moment(core: now, uptime: Timebase.uptime()))
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
      admit(message, &batch)
    }
  }

  private func admit(_ message: Message, _ batch: inout Batch) {
    if redeliveries.isRedelivery(message) {
      batch.refusals[.repeatedDelivery, default: 0] += 1
      batch.redelivered.append(message)
      return
    }
    switch world.admission(of: message) {
    case nil: break  // recovery always ends with a configuration
    case .admitted(var entry, let sensor, let refusals):
      if let sensor, case .message(var message) = entry {
        message.arrival = distinctArrival(message.arrival, sensor: sensor, of: world.sensorCount)
        entry = .message(message)
      }
      batch.entries.append(entry)
      for refusal in refusals { batch.refusals[refusal, default: 0] += 1 }
    case .refused(let refusal):
      batch.refusals[refusal, default: 0] += 1
    }
  }

  /// Readings without a time of their own stand at their arrival, and one moment holds one reading: what a sensor sent
  /// while nobody listened arrives at once, and is told apart by a millisecond each, up to a second.
  private func distinctArrival(_ arrival: Instant, sensor: Int, of count: Int) -> Instant {
    if lastArrivals.count != count { lastArrivals = Array(repeating: .distantPast, count: count) }
    let next = lastArrivals[sensor] + .milliseconds(1)
    let distinct = next > arrival && next <= arrival + .seconds(1) ? next : arrival
    lastArrivals[sensor] = distinct
    return distinct
  }

  /// Stores a batch; when that fails the core never sees it, and the broker will send it again.
  private func commit(_ batch: inout Batch, at now: Instant, _ moment: Moment) -> Bool {
    let counts = Refusal.allCases.compactMap { refusal in batch.refusals[refusal].map { RefusalCount(refusal, $0) } }
    if !counts.isEmpty { batch.entries.append(.refused(now, counts)) }
    guard !batch.entries.isEmpty else { return true }
    var lines = JSONLines()
    for entry in batch.entries { lines.append(entry) }
    do {
      try store.append(lines: lines.bytes, entries: Int64(batch.entries.count), at: now.milliseconds)
    } catch {
      storeFailed(error, moment)
      return false
    }
    batches += 1
    waiting = []
    for message in batch.redelivered { redeliveries.settled(message) }
    for entry in batch.entries {
      if case .connected = entry { continue }  // told already, before its messages were looked at
      redeliveries.stored(entry)
    }
    return true
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

  private func apply(_ entries: [Entry]) {
    for entry in entries {
      if case .configuration(let at, let text) = entry {
        guard let configured = ConfigurationReader.values(text).configured else { continue }
        put(configured, at: at)
      } else {
        note(world.ingest(entry))
      }
    }
  }

  private func put(_ new: Configured, at: Instant) {
    publisher.replaced(old: configured, new: new)
    let oldFilters = Set(configured.settings.subscriptions.map(\.filter))
    let newFilters = Set(new.settings.subscriptions.map(\.filter))
    configured = new
    note(world.configure(new.city, at: at))
    guard isOnline else { return }
    for filter in oldFilters.subtracting(newFilters).sorted() { link.unsubscribe(filter) }
    subscribe()
    publisher.connected(world: world, configured: new)
  }

  private func note(_ effects: [Effect]) {
    guard !effects.isEmpty else { return }
    outlets.note(effects, zone: configured.city.zone)
    for effect in effects {
      switch effect {
      case .transition: break
      case .heat(_, let from, let to):
        func name(_ level: Int?) -> String { level.map(String.init) ?? "unknown" }
        Log.notice("heat_level", "the heat level is \(name(to)), it was \(name(from))")
      case .command(let result):
        Log.notice("command", "\(result.topic): \(result.refusal.map { "refused, \($0)" } ?? "accepted")")
        publisher.answer(result)
      }
    }
  }

  /// Puts an act of a person on duty, or a new configuration, into the next batch.
  public func submit(_ entry: Entry) { waiting.append(entry) }

  // MARK: Publishing

  private func publish(_ moment: Moment) {
    publisher.take(world.takeChanges(), in: world)
    if isOnline {
      publisher.publish(world, on: link, at: moment.uptime)
      link.write()
    }
    unshown.formUnion(publisher.takeUnshown())
    guard version == 0 || moment.uptime.milliseconds - lastShown.milliseconds >= 500 else { return }
    lastShown = moment.uptime
    if let view = world.withState({ $0.operatorsView(at: world.now) }) { outlets.show(view, status: status) }
    guard !unshown.isEmpty || version == 0 else { return }
    version += 1
    guard let snapshot = world.snapshot(version: version) else { return }
    outlets.show(snapshot, changed: unshown.sorted())
    unshown = []
  }

  private var status: GatewayStatus {
    GatewayStatus(
      brokerConnected: isOnline, brokerReason: linkReason, refusedFilters: refusedFilters, storeReason: storeReason,
      ledger: world.ledger.named, batches: batches, summary: world.summary())
  }

  /// Says goodbye: the status is `offline`, and the last will stays in the drawer.
  public func stop() {
    guard isOnline else { return }
    publisher.goodbye(on: link)
    link.write()
    link.disconnect()
    isOnline = false
  }
}
