// What readings are worth: spikes, flat lines, steps, neighbours, the sun; and what becomes of the place meanwhile.

import Configuration
import CoolIslands
import Dice
import Publication
import Quantities
import Testing

@testable import Core

@Suite("Quality of series") struct QualityTests {
  /// A place in the street's zone with a temperature sensor a minute, and sensors beside it.
  private func world(_ more: String = "") throws -> OneWorld { try Fixture.world(sensors: more) }

  private func parc(_ world: OneWorld) throws -> PublicIndicators {
    try #require(
      world.world.withState { state in state.place("parc").flatMap { state.publicPlace($0)?.indicators } } ?? nil)
  }

  private func quality(_ world: OneWorld, _ sensor: String, _ field: String = "temperature") -> SeriesQuality? {
    world.world.withState { state -> SeriesQuality? in
      let view = state.operatorsView(at: world.now)
      let rows = view.places.flatMap(\.sensors) + view.stations
      return rows.first { $0.id == sensor }?.quality.first { $0.field == field }?.quality
    } ?? nil
  }

  private func reading(_ sensor: String, _ celsius: Double, _ minute: Int64) -> Entry {
    let level = ["rue": "rue", "air": "parc"][sensor] ?? "parc"
    return .message(
      Fixture.message(
        "tonnelle/v1/up/\(level)/\(sensor)", #"[{"n":"temperature","v":\#(celsius)}]"#, at: minute * 60 + 1))
  }

  /// Values of a sensor, one a minute from a minute on.
  private func play(_ world: OneWorld, _ sensor: String, _ values: [Double], from minute: Int64 = 0) {
    for (index, value) in values.enumerated() { _ = world.ingest(reading(sensor, value, minute + Int64(index))) }
  }

  @Test("a spike never makes a place cool: not before the next reading, and not after") func spike() throws {
    let world = try world()
    play(world, "air", Array(repeating: 36, count: 20))
    _ = world.ingest(reading("air", 12, 20))
    _ = world.advance(to: Fixture.start + .seconds(20 * 60 + 30))
    #expect(try parc(world).coolness?.air == MilliCelsius(36_000))
    _ = world.ingest(reading("air", 36, 21))
    _ = world.advance(to: Fixture.start + .seconds(21 * 60 + 30))
    #expect(try parc(world).coolness?.air == MilliCelsius(36_000))
    #expect(try parc(world).availability == .warm)
    let account = try #require(world.ledger.sensors.first { $0.id == "air" }?.account)
    #expect(account.refused.map(\.refusal) == [.spike] && account.raw == 21 && account.received == 22)
    #expect(account.isBalanced)
  }

  @Test(
    "a spike stands away from the mean of its neighbours, and on the same side of both",
    arguments: [
      (33, 24, 28.9, true), (30, 36, 31, true), (30, 35, 30, false), (30, 58, 57.9, false), (30, 58, 54, true),
      (30, 24, 18, false), (30, 41, 36, true),
    ] as [(Double, Double, Double, Bool)])
  func rule(_ before: Double, _ middle: Double, _ after: Double, _ isSpike: Bool) throws {
    let world = try world()
    play(world, "air", [before, middle, after])
    #expect((world.ledger.sensors.first { $0.id == "air" }?.account.refused.isEmpty == false) == isSpike)
  }

  @Test("a spike that comes late is refused at once; a step is none and counts") func steps() throws {
    let world = try world()
    let start = Fixture.start.seconds
    func timed(_ celsius: Double, _ minute: Int64, arriving: Int64) {
      _ = world.ingest(
        .message(
          Fixture.message(
            "tonnelle/v1/up/parc/air", #"[{"n":"temperature","v":\#(celsius),"t":\#(start + minute * 60)}]"#,
            at: arriving * 60 + 1)))
    }
    for minute in [Int64(0), 1, 3, 4] { timed(30, minute, arriving: minute) }
    timed(55, 2, arriving: 5)
    var account = try #require(world.ledger.sensors.first { $0.id == "air" }?.account)
    #expect(account.refused.map(\.count) == [1] && account.raw == 4)
    // A step stays: nothing of it is taken back, at the latest the second reading counts.
    for minute in Int64(6)..<10 { timed(18, minute, arriving: minute) }
    _ = world.advance(to: Fixture.start + .minutes(20))
    account = try #require(world.ledger.sensors.first { $0.id == "air" }?.account)
    #expect(account.raw == 8)
    #expect(try parc(world).coolness?.air == MilliCelsius(18_000))
  }

  @Test("readings that stood still for six hours are at fault, and the place is not known") func flat() throws {
    let world = try world()
    // Warm and moving a little, then still.
    play(world, "air", (0..<60).map { 24 + Double($0 % 7) / 10 } + Array(repeating: 24.3, count: 200))
    #expect(quality(world, "air") == SeriesQuality(flag: .suspect, tests: .flatLine))
    #expect(try parc(world).reasons == [.openNow, .feltCool, .noReference, .readingsDoubtful])
    play(world, "air", Array(repeating: 24.3, count: 180), from: 260)
    #expect(quality(world, "air") == SeriesQuality(flag: .fail, tests: .flatLine))
    #expect(try parc(world).coolness == nil && parc(world).reasons == [.readingsFailed])
    // It moves again: it is believed again within a quarter of an hour.
    play(world, "air", (0..<20).map { 25 + Double($0 % 5) / 10 }, from: 440)
    #expect(try parc(world).coolness?.feltClass == .cool)
  }

  @Test("a suspect sensor is not listened to where a better one speaks") func better() throws {
    let bench = #"{"id":"air-2","place":"parc","fields":["temperature"],"period_s":60},"#
    let world = try world(bench)
    for minute in Int64(0)..<260 {
      play(world, "air", [24.3], from: minute)
      play(world, "air-2", [29 + Double(minute % 9) / 10], from: minute)
    }
    #expect(quality(world, "air")?.flag == .suspect && quality(world, "air-2")?.flag == .pass)
    let air = try #require(parc(world).coolness?.air)
    #expect(air > MilliCelsius(29_000) && air < MilliCelsius(30_000))
    #expect(try !parc(world).reasons.contains(.readingsDoubtful))
  }

  @Test("a reference that stands apart from its zone is doubtful, one that stands still is compared with nothing")
  func reference() throws {
    let benches = ["a", "b"].map { #"{"id":"air-\#($0)","place":"parc","fields":["temperature"],"period_s":60},"# }
    func world(street: (Int64) -> Double, minutes: Int64) throws -> OneWorld {
      let world = try self.world(benches.joined())
      for minute in 0..<minutes {
        play(world, "rue", [street(minute)], from: minute)
        for sensor in ["air", "air-a", "air-b"] { play(world, sensor, [29 + Double(minute % 4) / 10], from: minute) }
      }
      return world
    }
    let apart = try world(street: { 40 + Double($0 % 3) / 10 }, minutes: 40)
    #expect(quality(apart, "rue") == SeriesQuality(flag: .suspect, tests: .neighbours))
    #expect(quality(apart, "air")?.flag == .pass)
    #expect(try parc(apart).coolness?.differenceClass == .muchCooler)
    #expect(try parc(apart).reasons == [.notCooler, .readingsDoubtful])
    let still = try world(street: { _ in 33 }, minutes: 200)
    #expect(quality(still, "rue") == SeriesQuality(flag: .suspect, tests: .flatLine))
    #expect(try parc(still).coolness?.difference == nil && parc(still).availability == .warm)
  }

  @Test("warmth that grows faster than weather is suspect for as long as it is new") func step() throws {
    let world = try world()
    play(world, "air", (0..<90).map { 22 + Double($0) * 0.08 })
    #expect(quality(world, "air") == SeriesQuality(flag: .suspect, tests: .step))
    play(world, "air", (0..<180).map { 29.2 + Double($0 % 5) / 10 }, from: 90)
    #expect(quality(world, "air")?.flag == .pass)
  }

  @Test("a sensor that the sun reaches from 11 to 16 h, and that is like its zone at night, is badly sited")
  func siting() throws {
    let benches = ["a", "b", "c"].map {
      #"{"id":"air-\#($0)","place":"parc","fields":["temperature"],"period_s":600},"#
    }
    let world = try world(benches.joined())
    // From noon to 17:00 of the next day; the street's zone has four sensors besides.
    for step in Int64(0)..<175 {
      let minute = step * 10
      let hour = (12 + minute / 60) % 24
      let wave = Double(step % 7) / 10
      for sensor in ["rue", "air-a", "air-b"] { play(world, sensor, [25 + wave], from: minute) }
      play(world, "air-c", [(11..<16).contains(hour) ? 29 + wave : 25.2 + wave], from: minute)
    }
    #expect(quality(world, "air-c")?.tests.contains(.siting) == true)
    #expect(quality(world, "air-a")?.flag == .pass)
  }

  @Test("a sound level that stands still is at fault after an hour") func noise() throws {
    let world = try world()
    func level(_ decibels: Double, _ minute: Int64) {
      _ = world.ingest(
        .message(
          Fixture.message(
            "tonnelle/v1/up/parc/bruit", #"[{"n":"laeq","v":\#(decibels)}]"#, at: minute * 60 + 1)))
    }
    for minute in Int64(0)..<20 { level(48 + Double(minute % 5), minute) }
    #expect(try parc(world).noise?.noiseClass == .moderate || parc(world).noise?.noiseClass == .quiet)
    for minute in Int64(20)..<110 { level(42.1, minute) }
    #expect(quality(world, "bruit", "laeq") == SeriesQuality(flag: .fail, tests: .flatLine))
    #expect(try parc(world).noise == nil)
  }

  @Test("of a leap the warmer value speaks at a place, whichever came first") func leap() throws {
    let world = try world()
    play(world, "air", Array(repeating: 26, count: 15) + [34])
    _ = world.advance(to: Fixture.start + .seconds(15 * 60 + 30))
    #expect(try parc(world).coolness?.air == MilliCelsius(34_000))
    let cold = try self.world()
    play(cold, "air", [12, 35])
    _ = cold.advance(to: Fixture.start + .seconds(90))
    #expect(try parc(cold).coolness?.air == MilliCelsius(35_000))
  }

  @Test("a sensor that fails low is doubted as soon as it speaks, also when it falls in steps") func fall() throws {
    for fall in [[18, 18.1], [28.3, 24.3]] as [[Double]] {
      let world = try world()
      play(world, "air", (0..<30).map { 33 + Double($0 % 3) / 10 } + fall)
      _ = world.advance(to: Fixture.start + .seconds(31 * 60 + 30))
      #expect(try parc(world).reasons.contains(.readingsDoubtful), "\(fall)")
      #expect(quality(world, "air") == SeriesQuality(flag: .suspect, tests: .step))
    }
  }

  @Test("a humidity that stands still says nothing of what is felt") func humidity() throws {
    let world = try world()
    for minute in Int64(0)..<300 {
      let payload = #"[{"n":"temperature","v":\#(27.2 + Double(minute % 5) / 10)},{"n":"humidity","v":10}]"#
      _ = world.ingest(.message(Fixture.message("tonnelle/v1/up/parc/air", payload, at: minute * 60 + 1)))
    }
    #expect(quality(world, "air", "humidity") == SeriesQuality(flag: .suspect, tests: .flatLine))
    #expect(try parc(world).coolness?.feltMethod == .air && parc(world).coolness?.feltClass == .warm)
  }

  @Test("a meter at fault makes no place calm") func stuckMeter() throws {
    let world = try world(#"{"id":"bruit-2","place":"parc","fields":["laeq"],"period_s":60},"#)
    for minute in Int64(0)..<150 {
      for (sensor, level) in [("bruit", 62 + Double(minute % 9)), ("bruit-2", 30)] {
        _ = world.ingest(
          .message(
            Fixture.message("tonnelle/v1/up/parc/\(sensor)", #"[{"n":"laeq","v":\#(level)}]"#, at: minute * 60 + 1)))
      }
    }
    #expect(quality(world, "bruit-2", "laeq")?.flag == .fail)
    #expect(try parc(world).noise == nil)  // half of the ears is not enough
    #expect(try parc(world).noise?.isCalm != true)
  }

  @Test("a beam with a battery tells nobody when somebody passes") func battery() throws {
    let world = try world(#"{"id":"rideau","place":"square","fields":["in_total","battery_percent"],"period_s":600},"#)
    _ = world.ingest(
      .message(
        Fixture.message(
          "tonnelle/v1/up/square/rideau", #"[{"n":"in_total","v":4},{"n":"battery_percent","v":80}]"#, at: 197)))
    _ = world.advance(to: Fixture.start + .seconds(240))
    let square =
      world.world.withState { state in state.place("square").flatMap { state.publicPlace($0)?.indicators } } ?? nil
    #expect(square != nil && square?.freshness == nil)
  }

  /// Two days of eight weather stations in one zone; `change` may spoil what a station says.
  ///
  /// - Returns: how often each station had each flag at a quarter of an hour, and what was refused.
  private func recorded(
    _ change: (String, Int, Double) -> Double
  ) throws -> (flags: [String: [QualityFlag: Int]], refused: [String: Int64]) {
    let stations = ["S06", "S102", "S106", "S107", "S109", "S24", "S60"]
    let sensors = stations.map {
      #"{"id":"\#($0.lowercased())","place":"parc","fields":["temperature","humidity"],"period_s":60},"#
    }
    let world = try world(sensors.joined())
    var flags: [String: [QualityFlag: Int]] = [:]
    var looked = Fixture.start
    let rows = Recording.rows("../../../Config/demo/air-singapore.csv.gz")
    let first = try #require(Instant(rfc3339: "2017-03-15T00:00:00+08:00"))
    for cells in rows {
      guard let time = Instant(rfc3339: String(cells[0])), time >= first, time < first + .days(2),
        let celsius = Double(cells[2])
      else { continue }
      let now = Fixture.start + (time - first)
      let station = cells[1] == "S100" ? "rue" : cells[1].lowercased()
      let minute = Int((time - first).seconds / 60)
      let value = change(station, minute, celsius)
      let humidity = cells[3].isEmpty || station == "rue" ? "" : #",{"n":"humidity","v":\#(cells[3])}"#
      _ = world.ingest(
        .message(
          Message(
            arrival: now, topic: "tonnelle/v1/up/\(station == "rue" ? "rue" : "parc")/\(station)",
            payload: Array(#"[{"n":"temperature","v":\#(value)}\#(humidity)]"#.utf8))))
      guard now - looked >= .minutes(15) else { continue }
      looked = now
      for station in stations.map({ $0.lowercased() }) + ["rue"] {
        if let flag = quality(world, station)?.flag { flags[station, default: [:]][flag, default: 0] += 1 }
      }
    }
    let refused = world.ledger.sensors.map { source in
      (source.id, source.account.refused.filter { $0.refusal == .spike }.reduce(0) { $0 + $1.count })
    }
    return (flags, Dictionary(uniqueKeysWithValues: refused))
  }

  @Test("recorded weather is no fault, its gaps are gaps; a stuck and a spiky stretch in it are found")
  func weather() throws {
    let (plain, refused) = try recorded { _, _, celsius in celsius }
    #expect(refused.values.allSatisfy { $0 == 0 })
    #expect(plain.values.allSatisfy { ($0[.fail] ?? 0) == 0 })
    // The island that is silent for most of the time; the others hardly ever.
    #expect(plain["s60"]?[.missing] ?? 0 > 40 && plain["s107"]?[.missing] ?? 0 < 5)
    let suspect = plain.values.map { $0[.suspect] ?? 0 }.reduce(0, +)
    let all = plain.values.flatMap(\.values).reduce(0, +)
    print("recorded weather: \(suspect) of \(all) quarter hours suspect, none failed, no reading taken back")
    #expect(suspect * 10 < all)
    // Ten hours of one value in the second night, and a leap of 12 °C each hour.
    let (spoilt, spikes) = try recorded { station, minute, celsius in
      if station == "s24", (1440..<2040).contains(minute) { return 25.3 }
      if station == "s107", minute % 60 == 30 { return celsius + (minute % 120 == 30 ? 12 : -12) }
      return celsius
    }
    #expect((spoilt["s24"]?[.fail] ?? 0) >= 15)  // from the seventh hour on
    #expect((40...48).contains(spikes["s107"] ?? 0) && spikes.filter { $0.key != "s107" }.values.allSatisfy { $0 == 0 })
  }

  @Test("thresholds can be set, and what fails must be worse than what is suspect") func settings() throws {
    func outcome(_ quality: String) throws -> ConfigurationOutcome {
      let settings = Fixture.settings.replacing(
        "\"sensors\"", with: "\"choices\": {\"quality\": \(quality)}, \"sensors\"")
      return ConfigurationReader.values(try Fixture.text(settings: settings))
    }
    let limits = try #require(
      outcome(#"{"spike_fail_cel": 7.5, "flat_fail_h": 8, "source": "constructeur"}"#).configured?.city.choices.quality)
    #expect(limits.spikeFail == MilliCelsius(7500) && limits.flatFail == .hours(8) && limits.source == "constructeur")
    #expect(try outcome(#"{"spike_fail_cel": 1}"#).configured == nil)
    #expect(try outcome(#"{"spike_fail": 6}"#).findings.first?.description.contains("spike_fail_cel") == true)
  }
}
