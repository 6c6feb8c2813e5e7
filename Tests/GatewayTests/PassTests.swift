// The pass, with a link and a store that do as they are told: the order of its steps, and what it does when one fails.

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

/// What happened, in order, to link and store alike.
final class Diary {
  var lines: [String] = []
}

final class ScriptedLink: GatewayLink {
  var incoming: [LinkEvent] = []
  var published: [(topic: String, payload: [UInt8], retain: Bool)] = []
  var connects = 0
  var isConnected = false
  private let diary: Diary

  init(_ diary: Diary) { self.diary = diary }

  func startConnecting() {
    connects += 1
    isConnected = true
  }
  func read(limit: Int) -> [LinkEvent] {
    defer { incoming.removeFirst(min(limit, incoming.count)) }
    return Array(incoming.prefix(limit))
  }
  func write() { diary.lines.append("write") }
  func abandon() {
    diary.lines.append("abandon")
    isConnected = false
    incoming = []
  }
  func keepAlive() {}
  func subscribe(_ filters: [String], qos: Int) -> Int? {
    diary.lines.append("subscribe \(filters.joined(separator: " "))")
    return 1
  }
  func unsubscribe(_ filter: String) { diary.lines.append("unsubscribe \(filter)") }
  func publish(_ topic: String, _ payload: [UInt8], qos: Int, retain: Bool) -> Int? {
    published.append((topic, payload, retain))
    return published.count
  }
  func disconnect() { diary.lines.append("disconnect") }
}

final class ScriptedStore: GatewayStore {
  var batches: [[UInt8]] = []
  var failures: [StoreError] = []
  private let diary: Diary

  init(_ diary: Diary) { self.diary = diary }

  private(set) var nextPosition: Int64 = 1
  var hasMoreToTrim: Bool { false }

  func commit(_ commit: Commit) throws(StoreError) {
    if let failure = failures.first { throw failure }
    guard let batch = commit.batch else { return }
    diary.lines.append("append")
    batches.append(batch.lines)
    nextPosition += batch.entries
  }
  func day(_ day: Int64, sensor: String, field: String) throws(StoreError) -> HistoryDay? { nil }
  func names(ofDay day: Int64) throws(StoreError) -> [(sensor: String, field: String)] { [] }
  func probe() throws(StoreError) { if let failure = failures.first { throw failure } }
}

final class Listener: GatewayOutlets {
  var snapshot: PublicSnapshot?
  var status: GatewayStatus?
  func show(_ snapshot: PublicSnapshot, changed: [String]) { self.snapshot = snapshot }
  func show(_ view: OperatorsView, status: GatewayStatus) { self.status = status }
  func note(_ effects: [Effect], zone: CivilZone) {}
  func turned(at moment: Moment) {}
}

/// A gateway with everything around it scripted.
struct Stage {
  let diary = Diary()
  let link: ScriptedLink
  let store: ScriptedStore
  let listener = Listener()
  let gateway: Gateway
  static let start = Instant(seconds: 1_784_109_600)  // Wednesday 2026-07-15, noon in Paris
  private(set) var now = Moment(core: start, uptime: .seconds(1000))

  static func text(places: [String] = ["parc"], filters: String = "tonnelle/v1/up/+/+") throws -> ConfigurationText {
    let features = places.map {
      #"{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"\#($0)","name":"Parc","kind":"park","opening_hours":"24/7"}}"#
    }
    let settings = #"""
      {"gateway":"g","places":"p","city":{"id":"v","name":"V","time_zone":"Europe/Paris"},"subscriptions":[{"topic":"\#(filters)"}],
      "sensors":[{"id":"air","place":"parc","fields":["temperature"],"topic":"\#(filters.replacing("+", with: "x"))"}]}
      """#
    let zone = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
    return ConfigurationText(
      files: [
        .init(name: "s", text: Array(settings.utf8)),
        .init(
          name: "p", text: Array(#"{"type":"FeatureCollection","features":[\#(features.joined(separator: ","))]}"#.utf8)
        ),
      ],
      zone: [UInt8](zone))
  }

  init() throws {
    let text = try Self.text()
    var replayer = Replayer()
    _ = replayer.take(.configuration(Self.start, text))
    link = ScriptedLink(diary)
    store = ScriptedStore(diary)
    guard let configured = replayer.configured else { throw CancellationError() }
    gateway = Gateway(
      recovered: Recovered(
        world: replayer.finish(), configured: configured, text: text, redeliveries: Redeliveries(),
        leftovers: Leftovers(),
        entries: 1),
      link: link, store: store, outlets: listener)
  }

  mutating func pass(after milliseconds: Int64 = 100, _ events: [LinkEvent] = []) {
    now = Moment(
      core: now.core + .milliseconds(milliseconds), uptime: .milliseconds(now.uptime.milliseconds + milliseconds))
    link.incoming += events
    gateway.pass(now: now)
  }

  static func reading(_ celsius: Int, packet: Int) -> LinkEvent {
    .message(
      LinkMessage(
        topic: "tonnelle/v1/up/x/x", payload: Array(#"[{"n":"temperature","v":\#(celsius)}]"#.utf8), qos: 1,
        isRetained: false, packet: packet))
  }

  func text(of topic: String) -> String? {
    link.published.last { $0.topic == topic }.map { String(decoding: $0.payload, as: UTF8.self) }
  }
}

@Suite("The pass") struct PassTests {
  @Test("a batch is on the disk before its acknowledgements leave") func order() throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.diary.lines = []
    stage.pass([Stage.reading(25, packet: 1), Stage.reading(26, packet: 2)])
    #expect(stage.diary.lines.first == "append" && stage.diary.lines.dropFirst().first == "write")
    #expect(stage.store.batches.last?.split(separator: 0x0A).count == 2)
    #expect(stage.gateway.world.ledger.messages == 2)
  }

  @Test(
    "what cannot be stored is neither acknowledged nor known, and comes again", arguments: [13, 8, 10, 778] as [Int32])
  func storeFails(code: Int32) throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.store.failures = [StoreError(code: code, attempt: "storing", detail: "no")]
    stage.diary.lines = []
    stage.pass([Stage.reading(25, packet: 1)])
    #expect(stage.diary.lines == ["abandon"])
    #expect(stage.gateway.world.ledger.messages == 0)
    for _ in 0..<20 { stage.pass() }
    #expect(!stage.diary.lines.contains("write"))
    #expect(stage.listener.status?.storeReason?.contains("SQLite \(code)") == true)
    let connects = stage.link.connects
    stage.store.failures = []
    stage.pass(after: 1500)
    #expect(stage.link.connects == connects + 1)
    stage.pass([.connected(sessionPresent: true), Stage.reading(25, packet: 1)])
    #expect(stage.gateway.world.ledger.messages == 1)
    #expect(stage.listener.status?.storeReason == nil)
  }

  @Test(
    "what waited in the broker for longer than anybody knows is no reading of now, unless it has a time",
    arguments: [(90_000, true), (150_000, false)] as [(Int64, Bool)])
  func waited(_ example: (away: Int64, counts: Bool)) throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.pass([Stage.reading(33, packet: 1)])
    stage.pass([.lost(reason: "gone")])
    let dated = #"[{"n":"temperature","v":20,"t":-100}]"#
    stage.pass(
      after: example.away,
      [
        .connected(sessionPresent: true), Stage.reading(20, packet: 2),
        .message(
          LinkMessage(
            topic: "tonnelle/v1/up/x/x", payload: Array(dated.utf8), qos: 1, isRetained: false, packet: 3)),
      ])
    let ledger = stage.gateway.world.ledger
    #expect(ledger.messages == (example.counts ? 3 : 2) && ledger.isBalanced)
    #expect(ledger.refusals.first { $0.reason == "retained" }?.count == (example.counts ? 0 : 1))
    // The connection breaks at once: what it had not told yet comes over the next one.
    stage.pass(after: 5000, [.lost(reason: "gone")])
    stage.pass(after: 5000, [.connected(sessionPresent: true), Stage.reading(20, packet: 4)])
    #expect(stage.gateway.world.ledger.messages == ledger.messages + (example.counts ? 1 : 0))
    let before = stage.gateway.world.ledger.messages
    stage.pass(after: 31_000, [Stage.reading(32, packet: 5)])
    #expect(stage.gateway.world.ledger.messages == before + 1)
  }

  @Test("a redelivery on a resumed session counts once; the same reading sent anew counts again") func redelivery()
    throws
  {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.pass([Stage.reading(25, packet: 1)])
    stage.pass([.lost(reason: "gone")])
    stage.pass(after: 2000)
    stage.pass([.connected(sessionPresent: true), Stage.reading(25, packet: 1), Stage.reading(25, packet: 2)])
    #expect(stage.gateway.world.ledger.messages == 2)
    #expect(stage.gateway.world.ledger.total.redelivered == 1)
    #expect(stage.gateway.world.ledger.isBalanced)
  }

  @Test("the broker is tried again more and more rarely, but at least every 30 s") func reconnection() throws {
    var stage = try Stage()
    var attempts: [Int64] = []
    for _ in 0..<4000 {
      let before = stage.link.connects
      stage.pass(after: 100, stage.link.isConnected ? [.lost(reason: "refused")] : [])
      stage.link.isConnected = false
      if stage.link.connects > before { attempts.append(stage.now.uptime.milliseconds) }
      if stage.link.connects > before { stage.pass(after: 1, [.lost(reason: "refused")]) }
    }
    let gaps = zip(attempts, attempts.dropFirst()).map { $1 - $0 }
    #expect(
      gaps.count > 8 && (gaps.max() ?? 0) <= 30_300 && (gaps.suffix(3).min() ?? 0) >= 14_000 && (gaps.first ?? 0) <= 700
    )
  }

  @Test("retained topics are written on change, at most once a second, and all again to a new broker") func retained()
    throws
  {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.pass(after: 1100, [Stage.reading(22, packet: 1)])
    stage.pass(after: 1100)
    #expect(stage.text(of: "tonnelle/v1/places/parc")?.contains("\"availability\":\"available\"") == true)
    #expect(stage.text(of: "tonnelle/v1/gateway/g/status") == "online")
    #expect(stage.text(of: "tonnelle/v1/city/v")?.contains("\"cool\":1") == true)
    let before = stage.link.published.count
    for packet in 2..<12 { stage.pass(after: 50, [Stage.reading(22 + packet % 3, packet: packet)]) }
    #expect(stage.link.published.count - before <= 2)
    stage.pass([.lost(reason: "gone")])
    stage.pass(after: 2000)
    stage.link.published = []
    stage.pass([.connected(sessionPresent: false)])
    #expect(
      Set(stage.link.published.map(\.topic)).isSuperset(of: [
        "tonnelle/v1/places/parc", "tonnelle/v1/places/parc/about", "tonnelle/v1/city/v", "tonnelle/v1/gateway/g/about",
      ]))
    #expect(!stage.link.published.contains { !$0.retain })
  }

  @Test("a new configuration is an entry: filters change, removed places are emptied, known ones keep their state")
  func reload() throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.pass(after: 1100, [Stage.reading(22, packet: 1)])
    stage.gateway.submit(.configuration(stage.now.core, try Stage.text(places: ["parc", "square"])))
    stage.pass(after: 1100)
    stage.pass(after: 1100)  // it counts from the batch on, and is evaluated at the next whole second
    #expect(stage.gateway.world.snapshot(version: 1)?.places.count == 2)
    #expect(stage.gateway.world.snapshot(version: 1)?.place("parc")?.indicators.availability == .available)
    stage.gateway.submit(.configuration(stage.now.core, try Stage.text(places: ["parc"], filters: "autre/+")))
    stage.pass(after: 1100)
    #expect(
      stage.diary.lines.contains("unsubscribe tonnelle/v1/up/+/+")
        && stage.diary.lines.contains { $0.hasPrefix("subscribe autre/+") })
    #expect(
      stage.text(of: "tonnelle/v1/places/square") == "" && stage.text(of: "tonnelle/v1/places/square/about") == "")
  }

  @Test("the journal of a run replays to the same state") func replay() throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    for packet in 1..<200 { stage.pass(after: 7_000, [Stage.reading(20 + packet % 15, packet: packet)]) }
    stage.gateway.submit(.configuration(stage.now.core, try Stage.text(places: ["parc", "square"])))
    for packet in 200..<300 { stage.pass(after: 1_300, [Stage.reading(20 + packet % 15, packet: packet)]) }
    var replayer = Replayer()
    _ = replayer.take(.configuration(Stage.start, try Stage.text()))
    for batch in stage.store.batches {
      for line in batch.split(separator: 0x0A) { _ = replayer.take(try Entry(line: Array(line))) }
    }
    _ = replayer.advance(before: stage.now.core)
    #expect(replayer.world.summary() == stage.gateway.world.summary())
  }

  @Test("a subscription that the broker refuses is told to people") func refusedSubscription() throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.pass(after: 600, [.subscribed(packet: 1, accepted: [true, false])])
    stage.pass(after: 600)
    #expect(stage.listener.status?.refusedFilters == ["tonnelle/v1/command/#"])
  }

  @Test("a clock that is set becomes an entry, and time goes on from there") func clock() throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    let back = Moment(core: stage.now.core - .hours(2), uptime: .milliseconds(stage.now.uptime.milliseconds + 100))
    stage.gateway.pass(now: back)
    #expect(stage.gateway.world.now == back.core)
    #expect(stage.store.batches.contains { String(decoding: $0, as: UTF8.self).contains(#""entry":"clock""#) })
  }

  @Test("goodbye is said before the connection ends") func goodbye() throws {
    var stage = try Stage()
    stage.pass([.connected(sessionPresent: false)])
    stage.gateway.stop()
    #expect(stage.text(of: "tonnelle/v1/gateway/g/status") == "offline" && stage.diary.lines.last == "disconnect")
  }
}
