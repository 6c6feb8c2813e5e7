// The rules of alerts over time, what leaves, and the outbox that holds it.

import Configuration
import Foundation
import JSONText
import Quantities
import Store
import Testing

@testable import Outlets

/// Facts in which all is well, and what a test changes of them.
struct Scene {
  var level: Int? = 1
  var place = AlertFacts.Place(id: "parc", name: "Parc", isOpen: true, isFull: false, isCool: true)
  var sensors = [AlertFacts.Sensor(id: "air", name: "Parc (air)", lastHeard: nil, isSilent: false)]
  var gateway = AlertFacts.Gateway(
    isConnected: true, isStoring: true, loopAge: .milliseconds(20), entriesBehind: 0, freeMebibytes: 9000)

  var facts: AlertFacts { AlertFacts(heatLevel: level, places: [place], sensors: sensors, gateway: gateway) }
}

/// An engine, and what it told by the minute.
struct Stage {
  var engine: AlertEngine
  var scene = Scene()
  /// 2026-07-18T12:00:00Z.
  static let noon = Instant(seconds: 1_784_376_000)
  var minute: Int64 = 0
  var told: [String] = []

  init(_ change: (inout Settings.Alerts) -> Void = { _ in }) {
    var settings = Settings.Alerts()
    settings.group = .seconds(60)
    change(&settings)
    engine = AlertEngine(settings, zone: .utc)
  }

  /// Lets minutes pass, one look each; what is told is noted as `minute rule state subjects`.
  mutating func pass(_ minutes: Int64, _ change: (inout Scene) -> Void = { _ in }) {
    change(&scene)
    for _ in 0..<minutes {
      for event in engine.look(at: scene.facts, now: Self.noon + .minutes(minute)) {
        let subjects = event.subjects.map(\.id).joined(separator: "+")
        told.append("\(minute) \(event.rule.rawValue) \(event.state.rawValue) \(subjects)")
      }
      minute += 1
    }
  }
}

@Suite("Rules of alerts") struct RuleTests {
  /// What goes wrong, when that is told (in minutes, a minute of gathering included), and when its end is.
  struct Trouble: Sendable {
    var rule: AlertRule
    var raised: Int64
    var cleared: Int64
    var subject: String
    var wrong: @Sendable (inout Scene) -> Void

    init(
      _ rule: AlertRule, _ raised: Int64, _ cleared: Int64, _ subject: String,
      _ wrong: @escaping @Sendable (inout Scene) -> Void
    ) {
      (self.rule, self.raised, self.cleared, self.subject, self.wrong) = (rule, raised, cleared, subject, wrong)
    }
  }

  static let troubles: [Trouble] = [
    Trouble(.sensorSilent, 31, 6, "air", { $0.sensors[0].isSilent = true }),
    Trouble(.heatLevel, 1, 11, "3", { $0.level = 3 }),
    Trouble(.placeFull, 16, 11, "parc", { $0.place.isFull = true }),
    Trouble(.gatewayBehind, 2, 6, "loop", { $0.gateway.loopAge = .seconds(11) }),
    Trouble(.gatewayBehind, 2, 6, "journal", { $0.gateway.entriesBehind = 2_000_001 }),
    Trouble(.diskLow, 2, 11, "disk_low", { $0.gateway.freeMebibytes = 511 }),
    Trouble(.brokerLost, 6, 3, "broker_lost", { $0.gateway.isConnected = false }),
    Trouble(.storingFails, 2, 3, "storing_fails", { $0.gateway.isStoring = false }),
  ]

  @Test("each rule waits for its time, tells once, and once more when it is over", arguments: troubles.indices)
  func raisesAndClears(_ index: Int) {
    let trouble = Self.troubles[index]
    var stage = Stage()
    stage.pass(10)
    stage.pass(100, trouble.wrong)
    let raised = 10 + trouble.raised
    #expect(stage.told == ["\(raised) \(trouble.rule.rawValue) raised \(trouble.subject)"])
    stage.pass(100) { $0 = Scene() }
    let cleared = 110 + trouble.cleared
    #expect(stage.told.last == "\(cleared) \(trouble.rule.rawValue) cleared \(trouble.subject)")
    #expect(stage.told.count == 2 && stage.engine.current.isEmpty)
  }

  @Test("what lasts less than its time is not told", arguments: troubles.indices) func tooShort(_ index: Int) {
    let trouble = Self.troubles[index]
    guard trouble.rule != .heatLevel else { return }  // which waits for nothing but its group
    var stage = Stage()
    for _ in 0..<20 {
      stage.pass(trouble.raised - 2, trouble.wrong)
      stage.pass(1) { $0 = Scene() }
    }
    #expect(stage.told.isEmpty)
  }

  @Test("what comes back before its end counted is neither over nor new", arguments: troubles.indices)
  func flapping(_ index: Int) {
    let trouble = Self.troubles[index]
    var stage = Stage()
    stage.pass(40, trouble.wrong)
    for _ in 0..<20 {
      stage.pass(trouble.cleared - 2) { $0 = Scene() }
      stage.pass(1, trouble.wrong)
    }
    #expect(stage.told.count == 1 && stage.engine.current.count == 1)
  }

  @Test("a place is hot only if it was cool, is open, and the heat level is high") func hotPlace() {
    var stage = Stage { $0.rules[.heatLevel] = nil }
    stage.pass(30)
    stage.pass(60) { $0.place.isCool = false }
    #expect(stage.told.isEmpty, "no heat")
    stage.pass(60) { $0.level = 3 }
    #expect(stage.told == ["111 place_hot raised parc"])
    stage.pass(60) { $0.place.isOpen = false }
    #expect(stage.told.last == "171 place_hot cleared parc")
    // A day later nobody remembers that it was cool.
    stage.pass(1440)
    stage.pass(120) { $0.place.isOpen = true }
    #expect(stage.told.count == 2)
    stage.pass(1) { $0.place.isCool = true }
    stage.pass(60) { $0.place.isCool = false }
    #expect(stage.told.count == 3)
  }

  @Test("what is not known neither raises nor clears") func unknown() {
    var stage = Stage()
    stage.pass(20) { $0.place.isFull = true }
    #expect(stage.told.count == 1)
    stage.pass(100) { $0.place.isFull = nil }
    stage.pass(100) { $0.place.isOpen = nil }
    #expect(stage.told.count == 1 && stage.engine.current.count == 1)
    stage.pass(20) { $0.place = Scene().place }
    #expect(stage.told.count == 2)
  }

  @Test("while the broker is away no sensor is called silent for it") func nobodyIsHeard() {
    var stage = Stage()
    stage.pass(120) {
      $0.gateway.isConnected = false
      $0.sensors[0].isSilent = true
    }
    #expect(stage.told == ["6 broker_lost raised broker_lost"])
  }

  @Test("a sensor in maintenance raises nothing, and clears nothing") func maintenance() {
    var stage = Stage()
    stage.pass(100) {
      $0.sensors[0].isSilent = true
      $0.sensors[0].isInMaintenance = true
    }
    #expect(stage.told.isEmpty)
    stage.pass(32) { $0.sensors[0].isInMaintenance = false }
    #expect(stage.told.count == 1)
    stage.pass(100) { $0.sensors[0].isInMaintenance = true }
    #expect(stage.told.count == 1)
  }

  @Test("many of a rule are one message; with a group of zero each has its own") func groups() {
    func silent(_ stage: inout Stage) {
      stage.scene.sensors = (1...4).map { .init(id: "s\($0)", name: "S\($0)", lastHeard: nil, isSilent: false) }
      stage.pass(10)
      for index in 0..<4 { stage.pass(1) { $0.sensors[index].isSilent = true } }
      stage.pass(60)
    }
    var stage = Stage { $0.group = .minutes(2) }
    silent(&stage)
    #expect(stage.told == ["42 sensor_silent raised s1+s2+s3", "45 sensor_silent raised s4"])
    var single = Stage { $0.group = .seconds(0) }
    silent(&single)
    #expect(single.told.map { $0.split(separator: " ").last } == ["s1", "s2", "s3", "s4"])
  }

  @Test("quiet hours hold what can wait, and tell at their end what is still true") func quietHours() {
    // Noon is 12:00 in UTC; quiet from 13:00 to 15:00.
    var stage = Stage { $0.quietHours = .init(from: 13 * 60, to: 15 * 60) }
    stage.scene.sensors.append(.init(id: "b", name: "B", lastHeard: nil, isSilent: false))
    stage.pass(60)
    stage.pass(1) { for index in 0..<2 { $0.sensors[index].isSilent = true } }
    stage.pass(50) { $0.level = 4 }
    #expect(stage.told == ["62 heat_level raised 3+4"])
    stage.pass(60) { $0.sensors[1].isSilent = false }
    #expect(stage.told.count == 1 && stage.engine.current.count == 3)
    stage.pass(60)
    #expect(stage.told.last == "180 sensor_silent raised air" && stage.told.count == 2)
  }

  @Test("quiet hours may pass midnight") func midnight() {
    let hours = Settings.Alerts.QuietHours(from: 22 * 60, to: 7 * 60)
    #expect([1320, 1439, 0, 419].allSatisfy(hours.contains) && ![420, 720, 1319].contains(where: hours.contains))
  }

  @Test("a rule that is switched off tells nothing") func off() {
    var stage = Stage { for rule in AlertRule.allCases { $0.rules[rule] = nil } }
    for trouble in RuleTests.troubles { stage.pass(60, trouble.wrong) }
    #expect(stage.told.isEmpty)
  }

  @Test("across a start what was told stays told, and what was on its way begins again") func restart() {
    var stage = Stage()
    stage.pass(40) { $0.sensors[0].isSilent = true }
    stage.pass(10) { $0.place.isFull = true }
    var next = Stage()
    next.engine.restore(stage.engine.archive)
    #expect(next.engine.archive == stage.engine.archive)
    next.scene = stage.scene
    next.minute = stage.minute
    next.pass(15)
    #expect(next.told.isEmpty && stage.told.count == 1)
    next.pass(10)
    #expect(next.told == ["66 place_full raised parc"])
    next.engine.restore(Array("{\"raised\":[{\"rule\":\"x\"},7],\"cool\":{}}".utf8))
    next.engine.restore([0xFF, 0x00])
  }

  @Test("a sensor that the settings name no more is over at once") func removed() {
    var stage = Stage()
    stage.pass(40) { $0.sensors[0].isSilent = true }
    stage.pass(3) { $0.sensors = [] }
    #expect(stage.told.last == "41 sensor_silent cleared air")
  }

  @Test("a clock that is set back does not keep anything waiting for ever") func clock() {
    var stage = Stage()
    stage.pass(40) { $0.sensors[0].isSilent = true }
    stage.minute = -600
    stage.pass(8) { $0 = Scene() }
    #expect(stage.told.count == 2)
    stage.pass(10) { $0.gateway.isStoring = false }
    #expect(stage.told.count == 3)
  }
}

@Suite("What alerts say") struct AlertTextTests {
  static let origin = AlertOrigin(gateway: "g", city: "Ville", zone: .utc, link: "https://ville.example/ops")
  static func event(_ count: Int) -> AlertEvent {
    let subjects = (0..<count).map { AlertSubject(id: "s\($0)", name: "Capteur \($0) été", since: Stage.noon) }
    return AlertEvent(rule: .sensorSilent, state: .raised, at: Stage.noon + .minutes(1), subjects: subjects)
  }

  @Test("the payload is bounded and says how many there are") func payload() throws {
    let root = try JSONDocument(Self.event(400).json(id: "e-1", from: Self.origin)).root
    #expect(root["id"]?.string == "e-1" && root["count"]?.integer == 400)
    #expect(root["subjects"]?.elements.map { $0 }.count == AlertEvent.mostListed)
    #expect(root["since"]?.string == "2026-07-18T12:00:00+00:00" || root["since"]?.string == "2026-07-18T12:00:00Z")
    #expect(root["sentence"]?["fr"]?.string?.hasSuffix("et 395 autres.") == true)
    #expect(root["link"]?.string == "https://ville.example/ops")
  }

  @Test("each rule has a sentence of its own in both languages, raised and over") func sentences() {
    var seen: Set<String> = []
    for rule in AlertRule.allCases {
      for state in AlertEvent.State.allCases {
        let event = AlertEvent(
          rule: rule, state: state, at: Stage.noon, subjects: [.init(id: "4", name: "Parc", since: Stage.noon)])
        seen.formUnion([AlertWords.french(event), AlertWords.english(event)])
      }
    }
    #expect(seen.count == AlertRule.allCases.count * 4)
  }

  @Test("a mail is ASCII with short lines, one subject, and no header of ours can be broken by a name")
  func mail() throws {
    var event = Self.event(3)
    event.subjects[0].name = "a\nBcc: everybody@example.org"
    let mail = try #require(
      AlertMail.text(event.json(id: "e-1", from: Self.origin), to: "a@b.example", language: "fr"))
    let lines = String(decoding: mail, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(mail.allSatisfy { $0 < 0x80 } && lines.allSatisfy { $0.utf8.count <= 78 })
    let headers = lines.prefix { !$0.isEmpty }
    #expect(headers.count { $0.hasPrefix("Subject:") } == 1 && !headers.contains { $0.hasPrefix("Bcc") })
    #expect(AlertMail.text(Array("[]".utf8), to: "a@b.example", language: "fr") == nil)
  }

  @Test("delays double from a second to ten minutes") func delays() {
    #expect(AlertService.delay(afterAttempt: 0, jitter: 0) == .milliseconds(1000))
    #expect(AlertService.delay(afterAttempt: 1, jitter: 500) == .milliseconds(3000))
    #expect(AlertService.delay(afterAttempt: 5, jitter: 0) == .milliseconds(32_000))
    for attempt in 10..<100 {
      #expect(AlertService.delay(afterAttempt: attempt, jitter: 500) == .milliseconds(600_000))
    }
  }

  @Test("2xx is an acknowledgement; what cannot be taken is refused, all else comes again") func answers() {
    func isDelivered(_ status: Int?) -> Bool { WebhookReceiver.delivery(HTTPAnswer(status: status)) == .delivered }
    #expect([200, 202, 204, 299].allSatisfy(isDelivered) && ![nil, 199, 301, 404, 500].contains(where: isDelivered))
    #expect(WebhookReceiver.delivery(HTTPAnswer(status: 413)) == .refused("the receiver answers 413"))
    #expect(WebhookReceiver.delivery(HTTPAnswer(status: 429)) == .failed("the receiver answers 429"))
  }
}

@Suite("The outbox") struct OutboxTests {
  static func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "outbox-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  static func events(_ numbers: ClosedRange<Int64>) -> [OutboxEvent] {
    numbers.map { OutboxEvent(number: $0, id: "e\($0)", body: Array("body \($0)".utf8)) }
  }

  @Test("what was not acknowledged is there after a start, in order, receiver by receiver") func restart() throws {
    try Self.inFolder { folder in
      do {
        let outbox = try Outbox(folder: folder, receivers: ["a", "b"])
        var commit = OutboxCommit()
        commit.events = Self.events(1...5)
        commit.state = [1, 2, 3]
        try outbox.commit(commit)
        commit = OutboxCommit()
        commit.settled = [
          .init(receiver: "a", number: 1, ending: .delivered), .init(receiver: "a", number: 2, ending: .dropped),
          .init(receiver: "b", number: 1, ending: .delivered),
        ]
        try outbox.commit(commit)
      }
      do {
        let outbox = try Outbox(folder: folder, receivers: ["b", "a", "new"])
        let lines = try outbox.lines()
        #expect(lines.map(\.receiver) == ["b", "a", "new"])
        #expect(lines.map { $0.waiting.map(\.number) } == [[2, 3, 4, 5], [3, 4, 5], []])
        #expect(lines[1].waiting.first == Self.events(3...3).first)
        #expect(lines[1].counts == [.delivered: 1, .dropped: 1, .refused: 0])
        #expect(try outbox.state() == [1, 2, 3] && outbox.nextNumber() == 6)
      }
      // A receiver that is gone leaves nothing behind; numbers go on all the same.
      let outbox = try Outbox(folder: folder, receivers: ["new"])
      #expect(try outbox.lines().map(\.waiting.count) == [0] && outbox.nextNumber() == 6)
    }
  }

  @Test("a commit that fails stores nothing of it") func atomic() throws {
    try Self.inFolder { folder in
      let outbox = try Outbox(folder: folder, receivers: ["a"])
      var commit = OutboxCommit()
      commit.state = [1]
      commit.events = Self.events(1...2) + Self.events(2...2)
      #expect(throws: StoreError.self) { try outbox.commit(commit) }
      #expect(try outbox.state() == nil && outbox.lines().allSatisfy(\.waiting.isEmpty))
      commit.events = Self.events(1...2)
      try outbox.commit(commit)
      #expect(try outbox.lines().map(\.waiting.count) == [2])
    }
  }

  @Test("a file of a newer version is refused, and one that is no database too") func foreign() throws {
    try Self.inFolder { folder in
      try Data("nothing that SQLite knows, and long enough to be looked at as a header of a file".utf8)
        .write(to: URL(filePath: folder + "/outbox.sqlite"))
      #expect(throws: StoreError.self) { try Outbox(folder: folder, receivers: []) }
    }
  }
}
