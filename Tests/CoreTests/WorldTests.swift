// The core as a function of its journal: what it says, and that batches, people and time zones of machines do not matter.

import CoolIslands
import Dice
import JSONText
import Publication
import Quantities
import SensorProtocol
import Testing

@testable import Core

@Suite("The core") struct WorldTests {
  @Test("a cool park beside a hot street is available, and says why and since when") func coolPark() throws {
    let world = try Fixture.world()
    for minute in Int64(0)..<12 {
      _ = world.ingest(Fixture.street(34, at: minute * 60))
      _ = world.ingest(Fixture.air(26, at: minute * 60 + 1))
    }
    _ = world.advance(to: Fixture.start + .minutes(12))
    let indicators = try world.place("parc").indicators
    #expect(indicators.availability == .available && indicators.isMeasured)
    #expect(indicators.reasons.contains(.coolerThanReference))
    #expect(indicators.coolness?.difference == MilliCelsius(8000))
    #expect(indicators.nextChange?.rfc3339() == "2026-07-15T18:00:00Z")
    #expect(indicators.freshness?.alive == 1 && indicators.freshness?.expected == 2)
  }

  @Test("a silent sensor never makes a place look cool") func silence() throws {
    let world = try Fixture.world()
    _ = world.ingest(Fixture.air(22, at: 0))
    _ = world.advance(to: Fixture.start + .minutes(1))
    #expect(try world.place("parc").indicators.availability == .available)
    let effects = world.advance(to: Fixture.start + .minutes(31))
    #expect(try world.place("parc").indicators.availability == .unknown)
    #expect(try world.place("parc").indicators.reasons == [.noFreshReading])
    #expect(
      effects.contains {
        if case .transition(let t) = $0 { t.to == "unknown" && t.indicator == .availability } else { false }
      })
  }

  @Test("a place without sensors follows its hours and is not counted among the cool ones") func unmeasured() throws {
    let world = try Fixture.world()
    _ = world.advance(to: Fixture.start + .seconds(1))
    let square = try world.place("square").indicators
    #expect(square.availability == .available && !square.isMeasured && square.reasons.contains(.notMeasured))
    let counts = try #require(world.snapshot(version: 1)).counts
    #expect(counts.open == 4 && counts.cool == 0)
  }

  @Test("noise is the energy of a quarter of an hour, and unknown below half of it") func noise() throws {
    let world = try Fixture.world()
    func level(_ level: Double, _ minute: Int64) -> Entry {
      .message(
        Fixture.message("tonnelle/v1/up/parc/bruit", #"[{"n":"laeq_60s","u":"dB","v":\#(level)}]"#, at: minute * 60))
    }
    for minute in Int64(0)..<7 { _ = world.ingest(level(50, minute)) }
    _ = world.advance(to: Fixture.start + .seconds(6 * 60 + 2))
    #expect(try world.place("parc").indicators.noise == nil)  // seven minutes of fifteen
    for minute in Int64(7)..<14 { _ = world.ingest(level(50, minute)) }
    _ = world.ingest(level(62, 14))
    _ = world.advance(to: Fixture.start + .seconds(14 * 60 + 2))
    let noise = try #require(try world.place("parc").indicators.noise)
    // 10·lg((14·10⁵ + 10^6.2) / 15) = 52.99 dB
    #expect(noise.laeq == MilliDecibels(53_000) && noise.noiseClass == .moderate)
  }

  @Test("commands are obeyed or refused with a sentence, and their end comes by itself") func commands() throws {
    let world = try Fixture.world()
    func command(_ topic: String, _ payload: String, at seconds: Int64) -> [Effect] {
      world.ingest(.command(Fixture.message("tonnelle/v1/command/" + topic, payload, at: seconds)))
    }
    let until = (Fixture.start + .minutes(30)).rfc3339()
    var effects = command("heat", #"{"level":3,"by":"a","reason":"r","until":"\#(until)"}"#, at: 1)
    effects += command(
      "places/parc/override", #"{"state":"closed","by":"a","reason":"grève","until":"\#(until)"}"#, at: 2)
    effects += world.advance(to: Fixture.start + .seconds(3))
    #expect(world.heatLevel() == 3)
    #expect(try world.place("parc").indicators.opening.rule == .override)
    #expect(effects.contains(.heat(at: Fixture.start + .seconds(1), from: nil, to: 3)))
    effects = world.advance(to: Fixture.start + .minutes(31))
    #expect(effects.contains(.heat(at: Fixture.start + .minutes(30), from: 3, to: nil)))
    #expect(try world.place("parc").indicators.opening.state == .open)
    for (topic, payload) in [
      ("heat", "{}"), ("heat", #"{"level":5,"by":"a","reason":"r","until":"\#(until)"}"#), ("heat", "nonsense"),
      ("places/nulle-part/override", #"{"state":"open","by":"a","reason":"r","until":"2026-07-16T00:00:00Z"}"#),
      ("places/parc/override", #"{"state":"ajar","by":"a","reason":"r","until":"2026-07-16T00:00:00Z"}"#),
      ("rain", "{}"),
      ("heat", #"{"level":3,"by":"a","reason":"r","until":"2020-01-01T00:00:00Z"}"#),
      ("heat", #"{"level":3,"by":"a","reason":"r","until":"2026-07-16T00:00:00Z","extra":1}"#),
    ] {
      let answers = command(topic, payload, at: 3600)
      #expect(
        answers.contains { if case .command(let result) = $0 { result.refusal?.isEmpty == false } else { false } },
        "\(topic) \(payload)")
    }
  }

  /// A day of many things, as entries.
  static func story(people: (Int64) -> (in: Int64, out: Int64)) -> [Entry] {
    var entries: [Entry] = []
    for minute in Int64(0)..<600 {
      entries.append(Fixture.street(30 + Double(minute % 50) / 10, at: minute * 60))
      entries.append(Fixture.air(25 + Double(minute % 70) / 10, at: minute * 60 + 7))
      if minute % 5 == 0 {
        let (entered, left) = people(minute)
        entries.append(
          .message(
            Fixture.message(
              "tonnelle/v1/up/biblio/porte", #"[{"n":"in_total","v":\#(entered)},{"n":"out_total","v":\#(left)}]"#,
              at: minute * 60 + 11)))
        entries.append(
          .message(
            Fixture.message("tonnelle/v1/up/biblio/salle", #"[{"n":"temperature","v":24.5}]"#, at: minute * 60 + 12)))
      }
      if minute == 100 {
        entries.append(
          .command(
            Fixture.message(
              "tonnelle/v1/command/heat", #"{"level":2,"by":"a","reason":"r","until":"2026-07-15T20:00:00Z"}"#,
              at: minute * 60 + 20)))
      }
    }
    return entries
  }

  /// All that is public, byte by byte, of a run, with the transitions.
  private func publicBytes(_ entries: [Entry], step: Span?) throws -> [UInt8] {
    let world = try Fixture.world()
    var bytes: [UInt8] = []
    func note(_ effects: [Effect]) {
      var json = JSONWriter()
      for effect in effects { effect.write(to: &json, zone: .utc) }
      bytes += json.bytes
    }
    for entry in entries {
      if let step {  // as many passes in between as a live loop would make
        while world.now + step < entry.at { note(world.advance(to: world.now + step)) }
      }
      note(world.ingest(entry))
    }
    note(world.advance(to: Fixture.start + .hours(11)))
    let snapshot = try #require(world.snapshot(version: 1))
    for place in snapshot.places {
      bytes += place.indicators.json(zone: .utc) + place.about.json(zone: .utc) + "\(place.recent.samples)".utf8
    }
    return bytes + snapshot.cityJSON()
  }

  @Test("the result does not depend on how entries were batched") func batches() throws {
    let story = Self.story { ($0, $0 / 2) }
    let plain = try publicBytes(story, step: nil)
    #expect(!plain.isEmpty)
    #expect(try publicBytes(story, step: .milliseconds(700)) == plain)
    #expect(try publicBytes(story, step: .seconds(61)) == plain)
  }

  @Test("two days that differ in people but not in levels are the same to the public") func nonInterference() throws {
    // 100 fit in: 1 to 45 people are all "free", whoever comes and goes.
    let quiet = Self.story { minute in (minute / 20, 0) }
    let lively = Self.story { minute in (minute / 5, minute / 5 - min(minute / 5, 7 + minute % 30)) }
    #expect(quiet != lively)
    #expect(try publicBytes(quiet, step: nil) == publicBytes(lively, step: nil))
    let full = Self.story { minute in (minute / 2, 0) }
    #expect(try publicBytes(full, step: nil) != publicBytes(quiet, step: nil))  // the test can fail
  }

  @Test("who passes when is nothing the public can see, however often a beam reports") func passagesAreInvisible()
    throws
  {
    func day(_ seconds: [Int64]) -> [Entry] {
      seconds.enumerated().map { index, second in
        .message(Fixture.message("tonnelle/v1/up/biblio/porte", #"[{"n":"in_total","v":\#(index)}]"#, at: second))
      }
    }
    // Every ten minutes either way, so that both days know the level; one has passages in between.
    let regular = (0..<60).map { Int64($0) * 600 }
    let busy = (regular + [7_777, 7_801, 20_003]).sorted()
    #expect(try publicBytes(day(regular), step: nil) == publicBytes(day(busy), step: nil))
  }

  @Test(
    "a clock that is set gives the same transitions live and in a replay",
    arguments: [-20, -7200, 30, 86_400] as [Int64])
  func clockReplay(step: Int64) throws {
    // The park closes at 20:00; the clock is set ten seconds after.
    let reading = Fixture.air(22, at: 8 * 3600 - 5)
    let set = Fixture.start + .seconds(8 * 3600 + 10)
    let entries: [Entry] = [
      reading, .clock(from: set, to: set + .seconds(step)),
      .message(
        Fixture.message("tonnelle/v1/up/parc/air", #"[{"n":"temperature","v":23}]"#, at: 8 * 3600 + 10 + step + 40)),
    ]
    func run(ticks: Bool) throws -> [Effect] {
      let world = try Fixture.world()
      var effects: [Effect] = []
      for entry in entries {
        let until: Instant = if case .clock(let from, _) = entry { from } else { entry.at }
        while ticks, world.now + .milliseconds(250) < until {
          effects += world.advance(to: world.now + .milliseconds(250))
        }
        effects += world.ingest(entry)
      }
      return effects + world.advance(to: entries[2].at + .minutes(45))
    }
    #expect(try run(ticks: true) == run(ticks: false))
  }

  @Test("a clock set back leaves nothing in the future") func setBack() throws {
    let world = try Fixture.world()
    let until = (Fixture.start + .days(3)).rfc3339()
    _ = world.ingest(
      .command(
        Fixture.message(
          "tonnelle/v1/command/heat", #"{"level":3,"by":"a","reason":"r","until":"\#(until)"}"#, at: 86_000)))
    _ = world.ingest(Fixture.air(22, at: 86_400))
    _ = world.ingest(.clock(from: world.now, to: Fixture.start + .hours(1)))
    #expect(world.heatLevel() == 3)
    for minute in Int64(0)..<20 {
      _ = world.ingest(
        .message(Fixture.message("tonnelle/v1/up/parc/bruit", #"[{"n":"laeq_60s","v":55}]"#, at: 3600 + minute * 60)))
    }
    _ = world.advance(to: Fixture.start + .seconds(3600 + 1140))
    #expect(try world.place("parc").indicators.noise?.laeq == MilliDecibels(55_000))
    #expect(try world.place("parc").indicators.freshness?.alive == 2)
    _ = world.advance(to: Fixture.start + .hours(2))
    #expect(try world.place("parc").indicators.freshness?.alive == 0)
  }

  @Test("a place held open by hand keeps its people past the usual closing") func heldOpen() throws {
    let world = try Fixture.world()
    func people(_ total: Int, at seconds: Int64) -> Entry {
      .message(
        Fixture.message(
          "tonnelle/v1/up/biblio/porte", #"[{"n":"in_total","v":\#(total)},{"n":"temperature","v":24}]"#, at: seconds))
    }
    _ = world.ingest(people(0, at: 60))
    let until = (Fixture.start + .hours(11)).rfc3339()
    _ = world.ingest(
      .command(
        Fixture.message(
          "tonnelle/v1/command/places/biblio/override",
          #"{"state":"open","by":"a","reason":"nuit chaude","until":"\#(until)"}"#, at: 120)))
    _ = world.ingest(people(95, at: 6 * 3600))
    for minute in stride(from: Int64(361), through: 540, by: 10) { _ = world.ingest(people(95, at: minute * 60)) }
    _ = world.advance(to: Fixture.start + .hours(9))
    #expect(try world.place("biblio").indicators.occupancy?.level == .full)
  }

  @Test("an entry's line says the entry") func lines() throws {
    let entries: [Entry] = [
      .message(Fixture.message("tonnelle/v1/up/parc/air", "[]", at: 0, packet: 7)),
      .message(
        Message(arrival: Fixture.start, topic: "t/é\"", payload: [0, 0xFF, 0x80], qos: 2, isRetained: true, packet: 1)),
      .message(Message(arrival: Fixture.start, topic: "t", payload: [])),
      .command(Fixture.message("tonnelle/v1/command/heat", "{}\n", at: 1)),
      .configuration(Fixture.start, try Fixture.text()), .connected(Fixture.start, sessionPresent: true),
      .clock(from: Fixture.start, to: Fixture.start - .hours(1)),
      .refused(Fixture.start, source: nil, [RefusalCount(.malformed, 3)]),
      .refused(Fixture.start, source: "air", [RefusalCount(.schoolHours, 1), RefusalCount(.tooMany, 9)]),
    ]
    for entry in entries {
      var json = JSONWriter()
      entry.write(to: &json)
      #expect(json.bytes.last == 0x0A)
      #expect(try Entry(line: Array(json.bytes.dropLast())) == entry)
    }
  }

  @Test("mosquitto_sub's lines are read, and its damaged ones are not") func mosquittoLines() throws {
    let line =
      #"{"tst":"2026-11-21T14:55:39.495298Z+0100","topic":"x/q","qos":2,"retain":0,"payloadlen":4,"mid":1,"payload":"ct \u0001"}"#
    guard case .message(let message) = try Entry(line: Array(line.utf8)) else { throw Fixture.Broken(findings: []) }
    #expect(
      message.arrival.rfc3339() == "2026-11-21T13:55:39.495Z" && message.packet == 1 && message.payload.count == 4)
    for bad in [
      #"{"tst":"2026-11-21T14:55:39Z","topic":"x","qos":0,"retain":0,"payloadlen":7,"payload":"abc"}"#,
      #"{"tst":"yesterday","topic":"x","payload":"abc"}"#, #"{"tst":"2026-11-21T14:55:39Z","payload":"abc"}"#, "[]", "",
      "{",
      #"{"tst":"2026-11-21T14:55:39Z","topic":"x","payload":{"a":1}}"#,
      #"{"entry":"dream","tst":"2026-11-21T14:55:39Z"}"#,
    ] {
      #expect(throws: TraceError.self, "\(bad)") { try Entry(line: Array(bad.utf8)) }
    }
  }

  @Test("an ordinary line is read as the thorough reader reads it, and no other line is") func ordinaryLines() throws {
    let payloads = [#"[{"n":"temperature","v":21.5}]"#, "a/b\\c", "", "é", "\u{1}", "x"]
    var lines: [[UInt8]] = []
    for (index, payload) in payloads.enumerated() {
      let message = Message(
        arrival: Fixture.start + .milliseconds(Int64(index) * 333), topic: "tonnelle/v1/up/parc/air",
        payload: Array(payload.utf8), qos: index % 3, isRetained: index % 2 == 1, packet: index % 2 == 0 ? index : nil)
      var json = JSONWriter()
      Entry.message(message).write(to: &json)
      lines.append(Array(json.bytes.dropLast()))
    }
    var dice = Dice(state: 11)
    var ordinary = 0
    for round in 0..<30_000 {
      var line = dice.pick(lines)
      // One byte is another, is gone, or comes twice.
      let place = Int.random(in: line.indices, using: &dice)
      switch round % 4 {
      case 0: break
      case 1: line[place] = UInt8.random(in: 0x20...0x7F, using: &dice)
      case 2: line.remove(at: place)
      default: line.insert(line[place], at: place)
      }
      guard let entry = Entry.ordinaryMessage(0..<line.count, of: line.span) else { continue }
      ordinary += 1
      #expect(try Entry(line: line) == entry, "\(String(decoding: line, as: UTF8.self))")
    }
    #expect(ordinary > 5000)
  }

  @Test("a redelivery is recognised once, by packet and content, on a resumed session only") func redeliveries() {
    func sent(_ payload: String, _ packet: Int) -> Message { Fixture.message("t", payload, at: 0, packet: packet) }
    var memory = Redeliveries()
    memory.stored(.message(sent("a", 1)))
    #expect(!memory.isRedelivery(sent("a", 1)))  // the same connection: a new message
    memory.connected(sessionPresent: true)
    #expect(
      memory.isRedelivery(sent("a", 1)) && !memory.isRedelivery(sent("b", 1)) && !memory.isRedelivery(sent("a", 2)))
    memory.connected(sessionPresent: true)  // lost again before it was acknowledged
    #expect(memory.isRedelivery(sent("a", 1)))
    memory.settled(sent("a", 1))
    #expect(!memory.isRedelivery(sent("a", 1)))
    memory.stored(.message(sent("c", 3)))
    memory.connected(sessionPresent: false)
    #expect(!memory.isRedelivery(sent("c", 3)))
  }

  @Test("a clock set back takes the world with it, and a leap of a year does no harm") func clock() throws {
    let world = try Fixture.world()
    _ = world.ingest(Fixture.air(22, at: 0))
    _ = world.advance(to: Fixture.start + .minutes(5))
    _ = world.ingest(.clock(from: world.now, to: Fixture.start - .hours(1)))
    _ = world.ingest(Fixture.air(23, at: -3599))
    _ = world.advance(to: Fixture.start)
    #expect(world.now == Fixture.start)
    _ = world.advance(to: Fixture.start + .days(365))
    #expect(try world.place("parc").indicators.availability == .unknown)
  }
}

@Suite("People") struct PeopleTests {
  /// Seconds from Wednesday noon to a day and an hour of that week, local time.
  private func at(_ day: Int64, _ hour: Int64, _ minute: Int64 = 0) -> Int64 {
    (day - 3) * 86_400 + (hour - 12) * 3600 + minute * 60
  }

  private func totals(_ records: [(name: String, total: Int64, seconds: Int64)], arriving: Int64) -> Entry {
    let text = records.map {
      #"{"n":"\#($0.name)","v":\#($0.total),"t":\#(Fixture.start.seconds + $0.seconds)}"#
    }
    return .message(
      Fixture.message("tonnelle/v1/up/cour/portail", "[\(text.joined(separator: ","))]", at: arriving))
  }

  private static let gate = #"{"id":"portail","place":"cour","fields":["in_total","out_total"],"period_s":600},"#

  @Test("no order, no delay and no wrong clock lets a difference tell of school hours") func schoolHours() throws {
    // Each total before school, the next one after it: whoever subtracts knows how many pupils there are.
    let stories: [[(records: [(name: String, total: Int64, seconds: Int64)], arriving: Int64)]] = [
      [
        ([("in_total", 100, at(4, 7)), ("out_total", 100, at(4, 7))], at(4, 7)),
        (
          [
            ("in_total", 110, at(4, 7, 50)), ("in_total", 400, at(4, 17)), ("out_total", 105, at(4, 7, 50)),
            ("out_total", 390, at(4, 17)),
          ], at(4, 17, 10)
        ),
      ],
      [([("in_total", 110, at(4, 7, 50)), ("in_total", 400, at(4, 17))], at(7, 18))],
      [
        ([("in_total", 100, at(3, 19, 50))], at(4, 7, 50)), ([("in_total", 400, at(4, 4, 40))], at(4, 16, 40)),
      ],
    ]
    for story in stories {
      let world = try Fixture.world(sensors: Self.gate)
      for message in story { _ = world.ingest(totals(message.records, arriving: message.arriving)) }
      _ = world.advance(to: world.now + .seconds(1))
      let people = try #require(world.people("cour"))
      #expect(people <= 10, "\(story)")
    }
  }

  @Test("a level that stands for an hour of school is refused at its end") func longLevel() throws {
    let world = try Fixture.world()
    for (payload, minute, isRefused) in [
      (#"[{"n":"laeq_60m","v":60}]"#, Int64(31), true), (#"[{"n":"laeq_60s","v":60}]"#, 33, false),
    ] {
      let message = Fixture.message("tonnelle/v1/up/cour/cour", payload, at: at(3, 16, minute))
      let admission = try world.admission(of: message)
      #expect(refusal(of: admission) == (isRefused ? .schoolHours : nil), "\(payload)")
    }
  }

  @Test("what happened before a place was emptied does not fill it again") func beforeReset() throws {
    let world = try Fixture.world()
    func door(_ entered: Int, _ left: Int, _ seconds: Int64, arriving: Int64) -> Entry {
      let time = Fixture.start.seconds + seconds
      return .message(
        Fixture.message(
          "tonnelle/v1/up/biblio/porte",
          #"[{"n":"out_total","v":\#(left),"t":\#(time)},{"n":"in_total","v":\#(entered),"t":\#(time)}]"#, at: arriving)
      )
    }
    _ = world.ingest(door(0, 0, at(3, 17), arriving: at(3, 17)))
    _ = world.advance(to: Fixture.start + .seconds(at(3, 20)))  // closed at 19:00, emptied at 19:30
    _ = world.ingest(door(50, 20, at(3, 18), arriving: at(3, 21)))
    #expect(world.people("biblio") == 0)
    // In one message, whoever went in may stand behind whoever went out.
    _ = world.ingest(door(53, 23, at(4, 11), arriving: at(4, 11)))
    #expect(world.people("biblio") == 0)
    _ = world.ingest(door(58, 23, at(4, 11, 10), arriving: at(4, 11, 10)))
    #expect(world.people("biblio") == 5)
  }

  @Test("presence follows the newest word of each sensor, and a dead one keeps nobody") func presence() throws {
    let benches = ["a", "b"].map { #"{"id":"banc-\#($0)","place":"square","fields":["occupied"],"period_s":600},"# }
    let world = try Fixture.world(sensors: benches.joined())
    func bench(_ name: String, _ occupied: Int, _ minute: Int64, arriving: Int64) {
      _ = world.ingest(
        .message(
          Fixture.message(
            "tonnelle/v1/up/square/banc-\(name)",
            #"[{"n":"occupied","v":\#(occupied),"t":\#(Fixture.start.seconds + minute * 60)}]"#, at: arriving * 60)))
    }
    bench("a", 0, 10, arriving: 10)
    bench("a", 1, 0, arriving: 11)
    #expect(world.people("square") == 0)
    bench("a", 1, 20, arriving: 20)
    #expect(world.people("square") == 1)
    bench("b", 1, 4320, arriving: 4320)
    bench("b", 0, 4330, arriving: 4330)
    _ = world.advance(to: Fixture.start + .minutes(4344))
    #expect(world.people("square") == 1)
    _ = world.advance(to: Fixture.start + .minutes(4345))
    #expect(world.people("square") == 0)
  }

  @Test("after a clock was set back nothing has been so since a time that has not come") func since() throws {
    let world = try Fixture.world()
    let until = (Fixture.start + .hours(5)).rfc3339()
    _ = world.ingest(
      .command(
        Fixture.message(
          "tonnelle/v1/command/places/square/override",
          #"{"state":"closed","by":"a","reason":"r","until":"\#(until)"}"#, at: 5400)))
    _ = world.advance(to: Fixture.start + .seconds(6000))
    _ = world.takeChanges()
    _ = world.ingest(.clock(from: world.now, to: Fixture.start + .hours(1)))
    _ = world.advance(to: Fixture.start + .seconds(3900))
    let square = try #require(world.snapshot(version: 1)?.place("square"))
    #expect(square.indicators.since <= world.now && square.indicators.availability == .closed)
    #expect(world.takeChanges().indicators.count == 4)
  }
}
