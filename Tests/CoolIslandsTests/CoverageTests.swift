// Who has a place in reach: distances against pyproj and shapely, counts against counting them all.

import Configuration
import Dice
import Foundation
import JSONText
import Publication
import Quantities
import Testing

@testable import CoolIslands

@Suite("Distances") struct DistanceTests {
  static func point(_ longitude: Double, _ latitude: Double) -> PublicPosition {
    PublicPosition(longitudeE7: Int64((longitude * 1e7).rounded()), latitudeE7: Int64((latitude * 1e7).rounded()))
  }

  @Test("distances of a city are those of the geodesic to a thousandth, to polygons too") func authority() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Authorities/distances.jsonl")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 200)
    for line in lines {
      let row = try JSONDocument(Array(line.utf8)).root
      func number(_ value: JSONValue?) -> Double {
        value?.numberText.flatMap { Double(String(decoding: $0, as: UTF8.self)) } ?? .nan
      }
      func position(_ value: JSONValue?) -> PublicPosition {
        let numbers = value?.elements.map { number($0) } ?? [0, 0]
        return Self.point(numbers[0], numbers[1])
      }
      let shape =
        row["polygon"].map { polygon in
          GeoShape(polygons: [polygon.elements.map { ring in ring.elements.map { position($0) } }])
        } ?? GeoShape(position(row["to"]))
      let expected = number(row["metres"])
      let found = shape.distance(to: position(row["from"]))
      #expect(abs(found - expected) <= max(0.1, expected / 1000), "\(line): \(found)")
    }
  }

  @Test("inside is 0, in a hole it is not, and entrances count before edges") func inside() {
    func ring(_ size: Double) -> [PublicPosition] {
      [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)].map { Self.point(4.85 + $0.0 * size, 45.75 + $0.1 * size) }
    }
    var shape = GeoShape(polygons: [[ring(0.01), ring(0.005)]])
    #expect(shape.distance(to: Self.point(4.858, 45.75)) == 0)
    let fromHole = shape.distance(to: Self.point(4.85, 45.75))
    #expect(fromHole > 380 && fromHole < 395)  // half a hundredth of a degree of longitude
    shape.entrances = [Self.point(4.85, 45.76)]
    #expect(shape.distance(to: Self.point(4.858, 45.75)) == 0)
    let fromSouth = shape.distance(to: Self.point(4.85, 45.739))
    #expect(fromSouth > 2300 && fromSouth < 2350)
  }

  @Test("the quick bounds of a distance hold it, for outlines of any form", arguments: UInt64(1)...20)
  func bounds(seed: UInt64) {
    var dice = Dice(state: seed)
    func position() -> PublicPosition {
      Self.point(.random(in: 4.80...4.82, using: &dice), .random(in: 45.72...45.74, using: &dice))
    }
    let corners = (0..<Int.random(in: 3...12, using: &dice)).map { _ in position() }
    var shape = GeoShape(polygons: [[corners + corners.prefix(1)]])
    if seed.isMultiple(of: 4) { shape.entrances = [position()] }
    let plane = LocalPlane(around: corners[0])
    let onPlane = PlaneShape(shape, on: plane)
    for _ in 0..<200 {
      let place = plane.place(position())
      let (bounds, distance) = (onPlane.bounds(of: place), onPlane.distance(to: place))
      // But for the last digits of a number.
      #expect(distance > bounds.lowerBound - 1e-9 && distance < bounds.upperBound + 1e-9)
    }
  }
}

@Suite("Coverage") struct CoverageTests {
  /// A random city: places, some of them squares or diamonds, and cells.
  private static func city(_ seed: UInt64, places: Int, cells: Int) -> (places: [GeoShape], cells: [PopulationCell]) {
    var dice = Dice(state: seed)
    func position() -> PublicPosition {
      DistanceTests.point(.random(in: 4.80...4.88, using: &dice), .random(in: 45.72...45.78, using: &dice))
    }
    let shapes = (0..<places).map { number -> GeoShape in
      let at = position()
      guard number % 3 == 0 else { return GeoShape(at) }
      let size = Int64.random(in: 1000...30_000, using: &dice)
      let square: [(Int64, Int64)] = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
      let diamond: [(Int64, Int64)] = [(0, -1), (1, 0), (0, 1), (-1, 0), (0, -1)]
      let ring = (number.isMultiple(of: 2) ? diamond : square).map { x, y in
        PublicPosition(longitudeE7: at.longitudeE7 + x * size, latitudeE7: at.latitudeE7 + y * size)
      }
      return GeoShape(polygons: [[ring]])
    }
    let grid = (0..<cells).map { _ in
      PopulationCell(
        position: position(), people: .random(in: 0...400, using: &dice), weight: .random(in: 500...3000, using: &dice))
    }
    return (shapes, grid)
  }

  /// People within a distance of a good place, one cell after the other.
  private static func plain(_ city: (places: [GeoShape], cells: [PopulationCell]), _ good: Set<Int>, _ metres: Double)
    -> Int64
  {
    func middle(_ axis: KeyPath<PublicPosition, Int64>) -> Int64 {
      city.places.map { $0.position[keyPath: axis] }.sorted()[city.places.count / 2]
    }
    let plane = LocalPlane(
      around: PublicPosition(longitudeE7: middle(\.longitudeE7), latitudeE7: middle(\.latitudeE7)))
    let shapes = good.map { PlaneShape(city.places[$0], on: plane) }
    return city.cells.reduce(0) { sum, cell in
      shapes.contains { $0.distance(to: plane.place(cell.position)) <= metres } ? sum + cell.people : sum
    }
  }

  @Test("places open and close, and the counts are those of counting all", arguments: UInt64(1)...2)
  func incremental(seed: UInt64) {
    let city = Self.city(seed, places: 30, cells: 300)
    var coverage = Coverage(places: city.places, cells: city.cells)
    var dice = Dice(state: seed + 100)
    var good: Set<Int> = []
    #expect(coverage.covered == [0, 0, 0, 0])
    for _ in 0..<30 {
      let place = Int.random(in: 0..<30, using: &dice)
      if good.contains(place) { good.remove(place) } else { good.insert(place) }
      coverage.set(place, isGood: good.contains(place))
      coverage.set(place, isGood: good.contains(place))  // told twice
      #expect(coverage.covered == Coverage.metres.map { Self.plain(city, good, $0) })
      let other = Int.random(in: 0..<30, using: &dice)
      let gained = Self.plain(city, good.union([other]), 750) - Self.plain(city, good, 750)
      #expect(coverage.gain(of: other) == gained)
    }
    let best = coverage.bestGains()
    #expect(best.count <= 10 && zip(best, best.dropFirst()).allSatisfy { $0.people >= $1.people })
    #expect(best.first?.people == city.places.indices.map { coverage.gain(of: $0) }.max())
  }

  @Test("a wider reach never covers fewer, one more place never covers fewer") func monotone() {
    let city = Self.city(7, places: 20, cells: 200)
    var coverage = Coverage(places: city.places, cells: city.cells)
    var before = coverage.covered
    for place in 0..<20 {
      coverage.set(place, isGood: true)
      #expect(zip(coverage.covered, coverage.covered.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(zip(before, coverage.covered).allSatisfy { $0 <= $1 })
      before = coverage.covered
    }
    #expect(coverage.total == city.cells.map(\.people).reduce(0, +))
  }

  @Test("people all over the world need no more memory than people of a city") func world() {
    let corners = [(0, 0), (-180, -90), (180, 90), (55.4, -21.1), (4.85, 45.75)] as [(Double, Double)]
    let cells = corners.map {
      PopulationCell(position: DistanceTests.point($0.0, $0.1), people: 100_000, weight: 1_000_000)
    }
    let globe = [(-180, -89), (180, -89), (180, 89), (-180, 89), (-180, -89)].map { DistanceTests.point($0.0, $0.1) }
    var coverage = Coverage(
      places: [GeoShape(DistanceTests.point(4.85, 45.75)), GeoShape(polygons: [[globe]])], cells: cells)
    coverage.set(0, isGood: true)
    #expect(coverage.covered == [100_000, 100_000, 100_000, 100_000] && coverage.total == 500_000)
    coverage.set(1, isGood: true)
    #expect(coverage.covered[0] >= 300_000)
  }

  @Test("no cells, no places, a place far away") func edges() {
    var coverage = Coverage(places: [GeoShape(DistanceTests.point(0, 0))], cells: [])
    coverage.set(0, isGood: true)
    #expect(coverage.covered == [0, 0, 0, 0] && coverage.bestGains().isEmpty)
    let cell = PopulationCell(position: DistanceTests.point(4.85, 45.75), people: 10)
    #expect(Coverage(places: [], cells: [cell]).total == 10)
    var far = Coverage(places: [GeoShape(DistanceTests.point(-120, -45))], cells: [cell])
    far.set(0, isGood: true)
    #expect(far.covered == [0, 0, 0, 0])
  }
}
