// The order in which places are offered.

import Publication
import Quantities
import Testing

@Suite("Ranking") struct RankingTests {
  static let now = Instant(seconds: 1_784_368_800)
  static let here = DistanceTests.point(4.85, 45.75)

  /// A place so many metres to the north, measured and available unless something else is said.
  private func place(
    _ id: String, metres: Double = 100, _ change: (inout PublicIndicators) -> Void = { _ in }
  ) -> PublicPlace {
    var indicators = PublicIndicators.unknown
    indicators.availability = .available
    indicators.isMeasured = true
    indicators.opening = .init(state: .open, until: Self.now + .hours(5), rule: .regular)
    change(&indicators)
    let about = PublicAbout(
      id: id, name: id, kind: .park, address: nil, shape: GeoShape(DistanceTests.point(4.85, 45.75 + metres / 111_150)),
      geometry: "", openingHours: nil, intervals: [], water: nil, toilets: nil, seats: nil, stepFree: nil, indoor: nil,
      isExample: false, source: nil, licence: nil)
    return PublicPlace(about: about, indicators: indicators)
  }

  private func order(_ places: [PublicPlace], near: PublicPosition? = here) -> [String] {
    let city = PublicCity(id: "c", name: "C", zone: .utc, heat: nil, notice: [:], contact: nil)
    let snapshot = PublicSnapshot(version: 1, at: Self.now, city: city, places: places)
    return snapshot.ranked(near: near).map(\.place.about.id)
  }

  private static func cooler(_ celsius: Int64) -> PublicIndicators.Coolness {
    .init(
      air: MilliCelsius(25_000), felt: MilliCelsius(25_000), feltMethod: .air, feltClass: .cool,
      difference: MilliCelsius(celsius), differenceClass: .cooler)
  }

  @Test("a place to go to comes before one that is nearer and is none") func states() {
    let far = place("far", metres: 2000)
    let crowded = place("crowded", metres: 900) { $0.availability = .crowded }
    let soon = place("soon", metres: 800) {
      $0.availability = .closed
      $0.opening = .init(state: .closed, until: Self.now + .minutes(40), rule: .regular)
    }
    let warm = place("warm") { $0.availability = .warm }
    let unknown = place("unknown") { $0.availability = .unknown }
    let closed = place("closed") {
      $0.availability = .closed
      $0.opening = .init(state: .closed, until: Self.now + .hours(9), rule: .regular)
    }
    #expect(
      order([closed, unknown, warm, soon, crowded, far]) == ["far", "crowded", "soon", "warm", "unknown", "closed"])
  }

  @Test("among good places the nearest, then the coolest, then the one with room, then the one that stays open longest")
  func good() {
    let near = place("near", metres: 300)
    let cool = place("cool", metres: 600) { $0.coolness = Self.cooler(3200) }
    let lessCool = place("less-cool", metres: 550) { $0.coolness = Self.cooler(1200) }
    let sameCool = place("same-cool", metres: 720) {
      $0.coolness = Self.cooler(3400)  // sensors tell no finer than half a degree
      $0.occupancy = .init(level: .free, roomLeft: 50)
    }
    let short = place("short", metres: 600) {
      $0.coolness = Self.cooler(3300)
      $0.opening.until = Self.now + .hours(1)
    }
    #expect(
      order([short, lessCool, cool, near, sameCool]) == ["near", "same-cool", "cool", "short", "less-cool"])
  }

  @Test("without a position measured places come first, closed ones by when they open") func anywhere() {
    let unmeasured = place("a") { $0.isMeasured = false }
    let measured = place("b")
    func closed(_ id: String, _ hours: Int64) -> PublicPlace {
      place(id) {
        $0.availability = .closed
        $0.opening = .init(state: .closed, until: Self.now + .hours(hours), rule: .regular)
      }
    }
    #expect(
      order([closed("c", 8), unmeasured, closed("d", 3), measured], near: nil) == ["b", "a", "d", "c"])
    #expect(order([place("y"), place("x")], near: nil) == ["y", "x"])  // as the snapshot has them
  }
}
