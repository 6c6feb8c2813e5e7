// One seed, one story: sensors, a broker, a disk and a clock that misbehave, and a gateway that must not.
//
// The real pass, the real journal in a real SQLite file and the real recovery; link, clock and the disk's failures are
// simulated. After each story: nothing acknowledged is missing, nothing counted twice, the state is that of a fresh
// replay, and the broker holds what the core says.

import Configuration
import Core
import CoolIslands
import Foundation
import MQTTLink
import Publication
import Quantities
import SensorProtocol
import Store
import Testing

@testable import Gateway

/// SplitMix64: a printed seed tells the same story for ever.
struct Dice: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

/// The journal on a disk that fails when it is told to.
final class FailingDisk: GatewayStore {
  let journal: Database
  /// The next write fails in this way, and so do those after it until it is nil again.
  var failure: Fault?
  private let broker: SimulatedBroker

  init(_ journal: Journal, _ broker: SimulatedBroker) {
    self.journal = journal
    self.broker = broker
  }

  func append(lines: [UInt8], entries: Int64, at: Int64) throws(StoreError) {
    guard broker.survives() else { throw error(.crashAnywhere) }
    if let failure {
      broker.strike(failure)
      // What was written before the process died is on the disk, though nobody was told.
      if failure == .crashAfterCommit { try journal.append(lines: lines, entries: entries, at: at) }
      throw error(failure)
    }
    try journal.append(lines: lines, entries: entries, at: at)
  }

  func probe() throws(StoreError) { if let failure { throw error(failure) } }

  private func error(_ fault: Fault) -> StoreError {
    StoreError(code: fault == .diskFull ? 13 : 10, attempt: "appending", detail: fault.rawValue)
  }
}

/// What a story came to.
struct Story {
  var problem: String?
  var messages = 0
  var faults: [Fault: Int] = [:]
}

/// One run of a gateway through its seed.
final class Simulation {
  private var dice: Dice
  private let folder: URL
  private let broker = SimulatedBroker()
  private let listener = Listener()
  private var disk: FailingDisk
  private var gateway: Gateway
  private var now = Moment(core: Stage.start, uptime: .seconds(1000))
  private var places = ["parc", "square"]
  /// How often each payload was published, and those that must be stored once they are acknowledged.
  private var published: [[UInt8]: Int] = [:]
  private var required: Set<[UInt8]> = []
  private var serial = 0
  private static let steps = 80

  static func run(seed: UInt64) throws -> Story {
    let simulation = try Simulation(seed: seed)
    defer { try? FileManager.default.removeItem(at: simulation.folder) }
    var story = Story()
    do {
      try simulation.live()
      try simulation.heal()
      story.problem = try simulation.problem()
    } catch {
      story.problem = "\(error)"
    }
    story.messages = simulation.serial
    story.faults = simulation.broker.faults
    return story
  }

  private init(seed: UInt64) throws {
    dice = Dice(state: seed)
    folder = FileManager.default.temporaryDirectory.appending(path: "tonnelle-simulation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let text = try Self.text(places)
    (disk, gateway) = try Self.process(folder, text, broker, listener, now.core, jitter: 100)
  }

  private static func text(_ places: [String]) throws -> ConfigurationText {
    let features = places.map {
      #"{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"\#($0)","name":"\#($0)","kind":"park","opening_hours":"24/7"}}"#
    }
    let sensors = places.map { #"{"id":"\#($0)-air","place":"\#($0)","fields":["temperature"],"period_s":60}"# }
    let settings = #"""
      {"gateway":"g","places":"p","city":{"id":"v","name":"V","time_zone":"Europe/Paris"},"sensors":[\#(sensors.joined(separator: ","))]}
      """#
    let collection = #"{"type":"FeatureCollection","features":[\#(features.joined(separator: ","))]}"#
    return ConfigurationText(
      files: [.init(name: "s", text: Array(settings.utf8)), .init(name: "p", text: Array(collection.utf8))],
      zone: [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))))
  }

  /// A process starts: it opens the journal and recovers.
  private static func process(
    _ folder: URL, _ text: ConfigurationText, _ link: SimulatedBroker, _ outlets: Listener, _ now: Instant,
    jitter: Int64
  ) throws -> (FailingDisk, Gateway) {
    guard let configured = ConfigurationReader.values(text).configured else { throw CancellationError() }
    let disk = FailingDisk(try Database(folder: folder.path), link)
    let recovered = try Recovery.recover(disk.journal, text: text, configured: configured, now: now)
    return (disk, Gateway(recovered: recovered, link: link, store: disk, outlets: outlets, jitter: { jitter }))
  }

  private func restart() throws {
    broker.newClient()
    let text = try Self.text(places)
    (disk, gateway) = try Self.process(
      folder, text, broker, listener, now.core, jitter: .random(in: 0...500, using: &dice))
  }

  // MARK: A life

  private func live() throws {
    for _ in 0..<Self.steps {
      for _ in 0..<Int.random(in: 0...6, using: &dice) { speak() }
      misfortune()
      try pass(after: .random(in: 50...3000, using: &dice))
    }
  }

  private func pass(after milliseconds: Int64) throws {
    now = Moment(
      core: now.core + .milliseconds(milliseconds), uptime: .milliseconds(now.uptime.milliseconds + milliseconds))
    let crash = disk.failure.map { [.crashBeforeCommit, .crashAfterCommit].contains($0) } ?? false
    if dice.once(in: 40) { broker.killClient(afterCalls: .random(in: 0...8, using: &dice)) }
    gateway.pass(now: now)
    if crash || broker.isDead { try restart() }
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
    var payload = Array(#"[{"n":"temperature","v":\#(value / 10).\#(value % 10),"t":\#(own)}]"#.utf8)
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
    default: break
    }
    published[payload, default: 0] += 1
    // The one place that every configuration has, and commands.
    if topic.contains("/parc/parc-air") || topic.hasSuffix("/heat") { required.insert(payload) }
    broker.publish(Outgoing(topic: topic, payload: payload, qos: qos))
  }

  private func misfortune() {
    if let failure = disk.failure, [.diskFull, .inputOutputError].contains(failure), dice.once(in: 4) {
      disk.failure = nil
    }
    guard dice.once(in: 4) else { return }
    switch Int.random(in: 0..<13, using: &dice) {
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
    case 7: disk.failure = .diskFull
    case 8: disk.failure = .inputOutputError
    case 9: disk.failure = .crashBeforeCommit
    case 10: disk.failure = .crashAfterCommit
    case 11:
      let forward = Bool.random(using: &dice)
      broker.strike(forward ? .clockForward : .clockBack)
      now.core =
        now.core + .seconds(forward ? .random(in: 6...3600, using: &dice) : -.random(in: 6...3600, using: &dice))
    default:
      broker.strike(.reload)
      places = places.count == 2 ? ["parc"] : ["parc", "square"]
      if let text = try? Self.text(places) { gateway.submit(.configuration(now.core, text)) }
    }
  }

  /// All is well again; the gateway catches up.
  private func heal() throws {
    disk.failure = nil
    broker.refusesSubscription = false
    broker.losesNextWrite = false
    broker.fallSilent(passes: 1)
    var quiet = 0
    for _ in 0..<400 where quiet < 8 {
      now = Moment(core: now.core + .seconds(1), uptime: .milliseconds(now.uptime.milliseconds + 1000))
      gateway.pass(now: now)
      if broker.isDead { try restart() }
      quiet = broker.isDrained && broker.isConnected ? quiet + 1 : 0
    }
    guard quiet == 8 else { throw StoreError(code: 0, attempt: "catching up", detail: "messages are still waiting") }
  }

  // MARK: The verdict

  private func problem() throws -> String? {
    var stored: [[UInt8]: Int] = [:]
    var replayer = Replayer()
    var messages: Int64 = 0
    try disk.journal.read { batch in
      for entry in Recovery.entries(of: batch) {
        _ = replayer.take(entry)
        if case .message(let message) = entry {
          messages += 1
          stored[message.payload, default: 0] += 1
        }
        if case .command(let message) = entry { stored[message.payload, default: 0] += 1 }
      }
      return true
    }
    _ = replayer.advance(to: gateway.world.now)
    if replayer.world.summary() != gateway.world.summary() { return "the state is not that of a fresh replay" }
    for payload in broker.acknowledged where required.contains(payload) && stored[payload] == nil {
      return "acknowledged and not stored: \(String(decoding: payload, as: UTF8.self))"
    }
    for (payload, count) in stored where count > published[payload, default: 0] {
      return "stored \(count) times: \(String(decoding: payload, as: UTF8.self))"
    }
    if gateway.world.ledger.messages != messages {
      return "the ledger counts \(gateway.world.ledger.messages) of \(messages)"
    }
    return differenceOfRetained()
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
      let story = try Simulation.run(seed: seed)
      messages += story.messages
      faults.merge(story.faults) { $0 + $1 }
      if let problem = story.problem { Issue.record("\(problem)\nagain: make simulate SEEDS=1 SEED=\(seed)") }
    }
    let struck = Fault.allCases.map { "\($0.rawValue) \(faults[$0] ?? 0)" }.joined(separator: ", ")
    print("\(count) seeds, \(messages) messages; \(struck)")
    if count >= 100 { #expect(Fault.allCases.allSatisfy { faults[$0, default: 0] > 0 }, "\(struck)") }
  }
}
