// One seed, one story: sensors, a broker, a disk and a clock that misbehave, and a gateway that must not.
//
// The real pass, the real store in the real SQLite and the real recovery; link, clock and disk are simulated. After each
// story: nothing acknowledged is missing, nothing counts twice, every reading is accounted for, state and history are
// those of a fresh replay, and the broker holds what the core says.

import CLibc
import CSQLite
import Configuration
import Core
import CoolIslands
import Dice
import Foundation
import MQTTLink
import Publication
import Quantities
import RingSeries
import SensorProtocol
import Store
import Testing

@testable import Gateway

/// What a story came to.
struct Story {
  var problem: String?
  var messages = 0
  var faults: [Fault: Int] = [:]
}

/// One run of a gateway through its seed.
final class Simulation {
  private var dice: Dice
  private let life = Life()
  private let broker: SimulatedBroker
  private let disk: SimulatedDisk
  private let listener = SlowListener()
  /// The process's; nil between two processes.
  private var database: Database!
  private var gateway: Gateway!
  private var now = Moment(core: Stage.start, uptime: .seconds(1000))
  private var places = ["parc", "square"]
  /// How often each payload was published, and those that must be stored once they are acknowledged.
  private var published: [[UInt8]: Int] = [:]
  private var required: Set<[UInt8]> = []
  private var serial = 0
  /// Frames of the radio sensor, which its network may carry twice.
  private var frames: Int64 = 0
  /// Every batch that the journal ever held: retention lets old ones go.
  private var batches: [JournalBatch] = []
  private static let steps = 50
  /// Bytes that a gateway, its core and its database may come to need in a story of this length.
  private static let memoryLimit = 16 << 20

  /// Lives the story of a seed; `isAlone` says that nothing else runs in the process, whose memory may be judged then.
  static func run(seed: UInt64, isAlone: Bool) throws -> Story {
    let before = mallinfo2().uordblks
    let simulation = try Simulation(seed: seed)
    var story = Story()
    do {
      try simulation.live()
      try simulation.heal()
      story.problem = try simulation.problem()
    } catch {
      story.problem = "\(error)"
    }
    let grown = Int(mallinfo2().uordblks) - Int(before) - simulation.disk.byteCount
    if isAlone && grown > memoryLimit { story.problem = story.problem ?? "\(grown) bytes were taken" }
    story.messages = simulation.serial
    story.faults = simulation.broker.faults
    story.faults[.sectorLost] = simulation.disk.lost
    story.faults[.sectorTorn] = simulation.disk.torn
    story.faults[.slowClient] = simulation.listener.missed
    return story
  }

  private init(seed: UInt64) throws {
    dice = Dice(state: seed)
    broker = SimulatedBroker(life)
    disk = SimulatedDisk(seed: dice.next(), life)
    let text = try Self.text(places)
    (database, gateway) = try Self.process(text, broker, listener, now.core, Self.pace(&dice), jitter: 100)
    disk.onDeath = { [broker] in broker.strike(.crashInDisk) }
  }

  /// Checkpoints and history come by the minute and in the smallest pieces, so that everything happens between them.
  private static func pace(_ dice: inout Dice) -> Pace {
    var pace = Pace()
    pace.checkpointEntries = .random(in: 10...120, using: &dice)
    pace.checkpointInterval = .seconds(.random(in: 20...200, using: &dice))
    pace.sliceBytes = Bool.random(using: &dice) ? 1 : 1 << 20
    pace.retentionInterval = .seconds(10)
    pace.daysPerCommit = .random(in: 1...3, using: &dice)
    return pace
  }

  private static func text(_ places: [String]) throws -> ConfigurationText {
    // The square closes soon, and stays open in heat, until it becomes too hot for that.
    let hours = [
      "parc": #""opening_hours":"24/7""#,
      "square": #"""
      "opening_hours":"12:00-12:03","heat_hours":[{"min_level":2,"opening_hours":"12:02-12:20"},
      {"min_level":4,"opening_hours":"off","mode":"replace","on_drop":"stop"}]
      """#,
    ]
    let features = places.map {
      #"{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"\#($0)","name":"\#($0)","kind":"park",\#(hours[$0] ?? "")}}"#
    }
    let sensors = places.map { #"{"id":"\#($0)-air","place":"\#($0)","fields":["temperature","laeq"],"period_s":60}"# }
    let radio = #"{"id":"radio","place":"parc","decoder":"chirpstack","device":"00000000000000A1","fields":["laeq"]}"#
    let settings = #"""
      {"gateway":"g","places":"p","city":{"id":"v","name":"V","time_zone":"Europe/Paris"},
      "subscriptions":[{"topic":"tonnelle/v1/up/+/+"},{"topic":"application/+/device/+/event/up","decoder":"chirpstack"}],
      "sensors":[\#((sensors + [radio]).joined(separator: ","))]}
      """#
    let collection = #"{"type":"FeatureCollection","features":[\#(features.joined(separator: ","))]}"#
    return ConfigurationText(
      files: [.init(name: "s", text: Array(settings.utf8)), .init(name: "p", text: Array(collection.utf8))],
      zone: [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))))
  }

  /// A process starts: it opens its database and recovers, from the newest checkpoint, since nothing here damages one.
  private static func process(
    _ text: ConfigurationText, _ link: SimulatedBroker, _ outlets: SlowListener, _ now: Instant, _ pace: Pace,
    jitter: Int64
  ) throws -> (Database, Gateway) {
    guard let configured = ConfigurationReader.values(text).configured else { throw CancellationError() }
    let database = try Database(folder: "gateway", vfs: SimulatedDisk.name)
    let recovered = try Recovery.read(database, otherwise: (text, configured))
      .finish(text: text, configured: configured, now: now)
    let newest = try database.checkpoints().first?.run ?? 0
    guard recovered.checkpoint.number == newest else {
      throw StoreError(code: 0, attempt: "going on from checkpoint \(newest)", detail: "it is of no use")
    }
    return (
      database,
      Gateway(
        recovered: recovered, link: link, store: database, outlets: outlets, pace: pace, jitter: { jitter })
    )
  }

  /// The process is gone, and sooner or later one takes its place, if that does not die at once.
  private func restart() throws {
    let text = try Self.text(places)
    // Closed while the process is still dead, or SQLite would tidy up.
    (gateway, database) = (nil, nil)
    while true {
      let isPowerFailure = Bool.random(using: &dice)
      if isPowerFailure { broker.strike(.powerFailure) }
      disk.restart(afterPowerFailure: isPowerFailure)
      broker.newClient()
      listener.reset()
      life.isDead = false
      let dies = dice.once(in: 5)
      if dies { disk.callsUntilDeath = .random(in: 0...6, using: &dice) }
      do {
        (database, gateway) = try Self.process(
          text, broker, listener, now.core, Self.pace(&dice), jitter: .random(in: 0...500, using: &dice))
        if !life.isDead {
          disk.callsUntilDeath = nil
          return try keepBatches()
        }
      } catch {
        guard life.isDead else { throw error }
      }
      broker.strike(.crashInRecovery)
    }
  }

  // MARK: A life

  private func live() throws {
    for _ in 0..<Self.steps {
      for _ in 0..<Int.random(in: 0...6, using: &dice) { speak() }
      if dice.once(in: 4) { broker.deliverDelayed() }
      try misfortune()
      try pass(after: .random(in: 50...3000, using: &dice))
    }
  }

  private func pass(after milliseconds: Int64) throws {
    now = Moment(
      core: now.core + .milliseconds(milliseconds), uptime: .milliseconds(now.uptime.milliseconds + milliseconds))
    if dice.once(in: 40) { broker.killClient(afterCalls: .random(in: 0...8, using: &dice)) }
    if dice.once(in: 40) { disk.callsUntilDeath = .random(in: 0...12, using: &dice) }
    gateway.pass(now: now)
    if life.isDead { try restart() } else { try keepBatches() }
  }

  private func keepBatches() throws {
    let next = batches.last.map { $0.position + $0.entries } ?? 1
    guard database.nextPosition > next else { return }
    try database.read(from: next) { batch in
      batches.append(batch)
      return true
    }
  }

  /// A sensor says something, or somebody else does.
  private func speak() {
    serial += 1
    let place = places.randomElement(using: &dice) ?? "parc"
    let time = (now.core - .milliseconds(.random(in: 0...20_000, using: &dice))).milliseconds
    // A time of its own for each: a millisecond nobody else has.
    let own = Double(time / 1000) + Double(serial % 1000) / 1000
    let value = Int.random(in: 200...400, using: &dice)
    var topic = "tonnelle/v1/up/\(place)/\(place)-air"
    let n = dice.once(in: 4) ? "laeq" : "temperature"
    var payload = Array(#"[{"n":"\#(n)","v":\#(value / 10 + (n == "laeq" ? 20 : 0)).\#(value % 10),"t":\#(own)}]"#.utf8)
    let qos = dice.once(in: 5) ? 0 : 1
    switch Int.random(in: 0..<40, using: &dice) {
    case 0:
      topic = "tonnelle/v1/up/\(place)/nobody"
      broker.strike(.unknownTopic)
    case 1:
      payload = Array("\(serial) nonsense {".utf8)
      broker.strike(.corrupted)
    case 2:
      topic = "tonnelle/v1/command/heat"
      let until = (now.core + .minutes(30)).rfc3339()
      payload = Array(#"{"level":\#(serial % 4 + 1),"by":"a","reason":"r\#(serial)","until":"\#(until)"}"#.utf8)
      broker.strike(.command)
    case 3:
      published[payload, default: 0] += 1
      broker.publish(Outgoing(topic: topic, payload: payload, qos: 1))
      broker.strike(.repeated)
    case 4:
      // Older than the rings of quarter hours: only the history takes it.
      let old = Double((now.core - .hours(.random(in: 74...200, using: &dice))).milliseconds / 1000)
      payload = Array(#"[{"n":"temperature","v":2\#(serial % 10),"t":\#(old + Double(serial % 1000) / 1000)}]"#.utf8)
      broker.strike(.veryLate)
    case 5, 6:
      // Without a time of its own: only the counter tells one frame from another.
      topic = "application/a/device/00000000000000a1/event/up"
      let frame = #""fCnt":\#(frames),"fPort":2,"data":"AQ==","object":{"laeq":\#(value / 10 + 20)}"#
      payload = Array(#"{"deviceInfo":{"devEui":"00000000000000a1"},\#(frame)}"#.utf8)
      frames += 1
      guard Bool.random(using: &dice) else { break }
      published[payload, default: 0] += 1
      broker.publish(Outgoing(topic: topic, payload: payload, qos: 1))
      broker.strike(.frameRepeated)
    default: break
    }
    published[payload, default: 0] += 1
    // The one place that every configuration has, and commands.
    if topic.contains("/parc/parc-air") || topic.hasSuffix("/heat") { required.insert(payload) }
    let message = Outgoing(topic: topic, payload: payload, qos: qos)
    guard dice.once(in: 15) else { return broker.publish(message) }
    broker.strike(.delayed)
    broker.delay(message)
  }

  private func misfortune() throws {
    if disk.writeFailure != nil || disk.syncFailure != nil, dice.once(in: 4) {
      (disk.writeFailure, disk.syncFailure) = (nil, nil)
    }
    guard dice.once(in: 4) else { return }
    switch Int.random(in: 0..<16, using: &dice) {
    case 0:
      broker.strike(.connectionReset)
      broker.reset()
    case 1: broker.losesNextWrite = true
    case 2:
      broker.strike(.halfOpen)
      broker.fallSilent(passes: Int.random(in: 1...5, using: &dice))
    case 3:
      broker.strike(.brokerRestarted)
      broker.restart(keepingSession: true)
    case 4 where dice.once(in: 3):
      broker.strike(.sessionLost)
      broker.restart(keepingSession: false)
    case 5: broker.refusesSubscription = true
    case 6:
      broker.strike(.reordered)
      broker.reorder()
    case 7:
      broker.strike(.diskFull)
      disk.writeFailure = SQLITE_FULL
    case 8:
      broker.strike(.diskReadOnly)
      disk.writeFailure = SQLITE_READONLY
    case 9:
      broker.strike(.writeError)
      disk.writeFailure = SQLITE_IOERR | 3 << 8
    case 10:
      broker.strike(.syncError)
      disk.syncFailure = SQLITE_IOERR | 4 << 8
    case 11:
      broker.strike(.diskSlow)
      try pass(after: .random(in: 4000...30_000, using: &dice))
    case 12 where dice.once(in: 3):
      // Too little to be noted, with or without a restart; core time stands until the clock has caught up.
      now.core = now.core + .milliseconds(.random(in: -5000...0, using: &dice))
      if Bool.random(using: &dice) {
        life.isDead = true
        try restart()
      }
    case 12:
      let forward = Bool.random(using: &dice)
      broker.strike(forward ? .clockForward : .clockBack)
      now.core =
        now.core + .seconds(forward ? .random(in: 6...3600, using: &dice) : -.random(in: 6...3600, using: &dice))
    case 14 where dice.once(in: 3):
      // Nobody is there for more than a week: of the journal only what a checkpoint needs is kept.
      broker.strike(.daysPass)
      try pass(after: 9 * 86_400_000)
    case 13:
      broker.strike(.cleanStop)
      gateway.stop()
      life.isDead = true
      try restart()
    default:
      broker.strike(.reload)
      places = places.count == 2 ? ["parc"] : ["parc", "square"]
      if let text = try? Self.text(places) { gateway.submit(.configuration(now.core, text)) }
    }
  }

  /// All is well again; the gateway catches up, and a quarter of an hour later so does the history.
  private func heal() throws {
    (disk.writeFailure, disk.syncFailure, disk.callsUntilDeath) = (nil, nil, nil)
    broker.refusesSubscription = false
    broker.losesNextWrite = false
    broker.deliverDelayed()
    broker.fallSilent(passes: 1)
    try rest()
    now = Moment(core: now.core + .minutes(61), uptime: .milliseconds(now.uptime.milliseconds + 3_660_000))
    try rest()
  }

  /// Turns until nothing is left to do.
  private func rest() throws {
    var quiet = 0
    for _ in 0..<600 where quiet < 8 {
      now = Moment(core: now.core + .seconds(1), uptime: .milliseconds(now.uptime.milliseconds + 1000))
      let isBusy = gateway.pass(now: now)
      if life.isDead { try restart() } else { try keepBatches() }
      quiet = broker.isDrained && broker.isConnected && !isBusy ? quiet + 1 : 0
    }
    guard quiet == 8 else { throw StoreError(code: 0, attempt: "catching up", detail: "something is still waiting") }
  }

  // MARK: The verdict

  private func problem() throws -> String? {
    var stored: [[UInt8]: Int] = [:]
    var replayer = Replayer()
    var messages: Int64 = 0
    for entry in batches.flatMap(Recovery.entries) {
      _ = replayer.take(entry)
      if case .message(let message) = entry {
        messages += 1
        stored[message.payload, default: 0] += 1
      }
      if case .command(let message) = entry { stored[message.payload, default: 0] += 1 }
    }
    _ = replayer.advance(before: gateway.world.now)
    if replayer.world.summary() != gateway.world.summary() { return "the state is not that of a fresh replay" }
    for series in 0..<replayer.world.seriesCount {
      let (fresh, own) = (replayer.world.image(of: series), gateway.world.image(of: series))
      if fresh != own { return "series \(series) is not that of a fresh replay" }
    }
    for payload in broker.acknowledged where required.contains(payload) && stored[payload] == nil {
      return "acknowledged and not stored: \(String(decoding: payload, as: UTF8.self))"
    }
    for (payload, count) in stored where count > published[payload, default: 0] {
      return "stored \(count) times: \(String(decoding: payload, as: UTF8.self))"
    }
    let ledger = gateway.world.ledger
    if ledger.messages != messages { return "the ledger counts \(ledger.messages) of \(messages)" }
    if !ledger.isBalanced { return "the ledger does not balance: \(ledger.total.named)" }
    let radio = ledger.sensors.first { $0.id == "radio" }?.account.counted ?? 0
    if radio > frames { return "\(radio) readings of \(frames) frames count" }
    if listener.wentBack { return "a client was shown an older snapshot" }
    return try differenceOfHistory() ?? differenceOfRetained()
  }

  /// What crashes and checkpoints have made of the history is what one reading of the whole journal makes of it.
  private func differenceOfHistory() throws -> String? {
    let fresh = try Database(folder: "fresh", vfs: SimulatedDisk.name)
    for batch in batches { try fresh.append(Recovery.entries(of: batch)) }
    let text = try Self.text(places)
    guard let configured = ConfigurationReader.values(text).configured else { return "no configuration" }
    let recovered = try Recovery.read(fresh, otherwise: (text, configured))
      .finish(text: text, configured: configured, now: now.core)
    var historian = recovered.historian
    var world = recovered.finish()
    let end = gateway.world.now
    try historian.sweep(&world, fresh, position: fresh.nextPosition - 1, until: end)
    historian.note(world.advance(before: end), of: fresh.nextPosition)
    try historian.sweep(&world, fresh, position: fresh.nextPosition - 1, until: end)
    let (expected, found) = (try fresh.wholeHistory(), try database.wholeHistory())
    if expected.transitions != found.transitions {
      let (own, fresh) = (Set(found.transitions), Set(expected.transitions))
      let difference = own.symmetricDifference(fresh).min { ($0.at, $0.position) < ($1.at, $1.position) }
      return "the history holds \(own.count) transitions, a fresh one \(fresh.count); only one of them knows "
        + (difference.map { "\($0)" } ?? "")
    }
    func values(_ days: [HistoryDay]) throws -> [String: [Bucket]] {
      var values: [String: [Bucket]] = [:]
      for day in days {
        let buckets = try PackedBuckets(bytes: day.quarters ?? []).entries.map(\.bucket)
        if buckets.contains(where: { $0.count > 0 }) { values["\(day.sensor) \(day.field) \(day.day)"] = buckets }
      }
      return values
    }
    // Of older days retention has let the quarter hours go.
    let oldest = configured.city.zone.civil(end).day.daysSinceEpoch - configured.settings.retention.quarterDays
    let (fromScratch, own) = (
      try values(expected.days.filter { $0.day >= oldest }), try values(found.days.filter { $0.day >= oldest })
    )
    for (name, buckets) in fromScratch.sorted(by: { $0.key < $1.key }) where own[name] != buckets {
      return "the history of \(name) is not that of a fresh replay"
    }
    return own.keys.first { fromScratch[$0] == nil }.map { "the history knows \($0), a fresh one does not" }
  }

  /// The broker holds the topics of the places there are, as the core knows them, and no others.
  private func differenceOfRetained() -> String? {
    guard let city = gateway.world.city else { return "there is no city" }
    var expected = ["tonnelle/v1/gateway/g/status": Array("online".utf8)]
    for index in city.places.indices {
      guard let place = gateway.world.publicPlace(index) else { return "a place was never evaluated" }
      expected["tonnelle/v1/places/\(place.about.id)"] = place.indicators.json(zone: city.zone)
      expected["tonnelle/v1/places/\(place.about.id)/about"] = place.about.json(zone: city.zone)
    }
    for (topic, payload) in expected.sorted(by: { $0.key < $1.key }) where broker.retained[topic] != payload {
      return "\(topic) holds \(broker.retained[topic].map { String(decoding: $0, as: UTF8.self) } ?? "nothing")"
    }
    let places = broker.retained.keys.filter { $0.hasPrefix("tonnelle/v1/places/") }
    if let left = places.first(where: { expected[$0] == nil }) { return "\(left) was not emptied" }
    return nil
  }
}

/// A client that looks at one snapshot in three, and must never be shown an older one.
final class SlowListener: GatewayOutlets {
  private var version: UInt64 = 0
  private var kept: PublicSnapshot?
  private(set) var missed = 0
  private(set) var wentBack = false

  func reset() { version = 0 }

  func show(_ snapshot: PublicSnapshot, changed: [String]) {
    if snapshot.version <= version { wentBack = true }
    version = snapshot.version
    if version % 3 == 0 { kept = snapshot } else { missed += 1 }
  }
  func show(_ view: OperatorsView, status: GatewayStatus) {}
  func note(_ effects: [Effect], zone: CivilZone) {}
  func turned(at moment: Moment) {}
}

@Suite("Disasters by the seed", .serialized) struct SimulationTests {
  @Test("nothing acknowledged is lost, nothing differs from a replay, whatever struck") func disasters() throws {
    Log.setMinimum(.silence)
    defer { Log.setMinimum(.info) }
    let environment = ProcessInfo.processInfo.environment
    let first = UInt64(environment["SEED"] ?? "") ?? 1
    let count = UInt64(environment["SEEDS"] ?? "") ?? 200
    var messages = 0
    var faults: [Fault: Int] = [:]
    for seed in first..<first + count {
      let story = try Simulation.run(seed: seed, isAlone: environment["SEEDS"] != nil)  // as `make simulate` does
      messages += story.messages
      faults.merge(story.faults) { $0 + $1 }
      guard let problem = story.problem else { continue }
      Issue.record("\(problem)\nagain: make simulate SEEDS=1 SEED=\(seed)")
      if environment["STOP"] != nil { return }  // a mutant is caught
    }
    let struck = Fault.allCases.map { "\($0.rawValue) \(faults[$0] ?? 0)" }.joined(separator: ", ")
    print("\(count) seeds, \(messages) messages; \(struck)")
    if count >= 100 { #expect(Fault.allCases.allSatisfy { faults[$0, default: 0] > 0 }, "\(struck)") }
  }
}
