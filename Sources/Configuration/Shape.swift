// Geometry of places: read strictly, turned the right way, thinned so that a page can carry it.

internal import JSONText
internal import Publication
internal import Quantities

struct ShapeError: Error, CustomStringConvertible {
  let description: String
}

/// A geometry of a file: read, and written again.
struct Shape {
  private typealias Point = PublicPosition

  let shape: GeoShape
  private var polygons: [[[Point]]] { shape.polygons }

  init(_ geometry: JSONValue) throws(ShapeError) {
    guard let coordinates = geometry["coordinates"] else { throw ShapeError(description: "\"coordinates\" is missing") }
    switch geometry["type"]?.string {
    case "Point": shape = GeoShape(try Self.point(coordinates))
    case "Polygon": shape = GeoShape(polygons: [try Self.polygon(coordinates)])
    case "MultiPolygon":
      var polygons: [[[Point]]] = []
      for element in coordinates.elements { polygons.append(try Self.polygon(element)) }
      guard !polygons.isEmpty else { throw ShapeError(description: "a MultiPolygon without a polygon") }
      shape = GeoShape(polygons: polygons)
    default:
      throw ShapeError(description: "a Point, a Polygon or a MultiPolygon was expected")
    }
  }

  private init(_ shape: GeoShape) { self.shape = shape }

  /// The same with longitude and latitude exchanged.
  var swapped: Shape {
    func swap(_ point: PublicPosition) -> PublicPosition {
      PublicPosition(longitudeE7: point.latitudeE7, latitudeE7: point.longitudeE7)
    }
    return polygons.isEmpty
      ? Shape(GeoShape(swap(shape.position)))
      : Shape(GeoShape(polygons: polygons.map { $0.map { $0.reversed().map(swap) } }))
  }

  /// A position, longitude first.
  static func point(_ value: JSONValue) throws(ShapeError) -> PublicPosition {
    let numbers = value.elements.prefix(2).map { $0.numberText.flatMap { ExactDecimal($0) } }
    guard numbers.count == 2, let longitude = numbers[0], let latitude = numbers[1] else {
      throw ShapeError(description: "a position is [longitude, latitude]")
    }
    let (x, y) = (longitude.thousandths, latitude.thousandths)
    guard abs(x) <= 180_000, abs(y) <= 90_000 else {
      throw ShapeError(description: "longitude is -180 to 180 and stands first, latitude is -90 to 90")
    }
    return PublicPosition(
      longitudeE7: Int64(longitude.trillionths / 100_000), latitudeE7: Int64(latitude.trillionths / 100_000))
  }

  /// A polygon, thinned to a metre, whose exterior runs counter-clockwise and whose holes run clockwise (RFC 7946 §3.1.6).
  private static func polygon(_ value: JSONValue) throws(ShapeError) -> [[Point]] {
    var rings: [[Point]] = []
    for ringValue in value.elements {
      var ring: [Point] = []
      for element in ringValue.elements { ring.append(try point(element)) }
      guard ring.count >= 4, ring.first == ring.last else {
        throw ShapeError(description: "a ring has at least four positions and ends where it begins")
      }
      let step = ring.count / mostPositions + 1
      if step > 1 { ring = stride(from: 0, to: ring.count - 1, by: step).map { ring[$0] } + [ring[0]] }
      ring = simplified(ring, tolerance: metre)
      let isCounterClockwise = GeoShape.doubledArea(ring) > 0
      if isCounterClockwise != rings.isEmpty { ring.reverse() }
      rings.append(ring)
    }
    guard !rings.isEmpty else { throw ShapeError(description: "a Polygon without a ring") }
    return rings
  }

  /// A metre of latitude in 10⁻⁷ degrees: finer than this no outline is kept.
  private static let metre = 90.0
  /// Positions of an outline that are looked at; of a longer one every second, third or so.
  private static let mostPositions = 5000

  /// GeoJSON text of at most so many bytes: the tolerance doubles from a metre until it fits.
  func geoJSON(maximumBytes: Int) -> String {
    if polygons.isEmpty { return "{\"type\":\"Point\",\"coordinates\":\(Self.text(shape.position))}" }
    var tolerance = Self.metre
    var thinned = polygons
    while true {
      let text = Self.text(thinned)
      if text.utf8.count <= maximumBytes || tolerance > 1e6 { return text }
      tolerance *= 2
      thinned = thinned.map { $0.map { Self.simplified($0, tolerance: tolerance) } }
    }
  }

  private static func text(_ polygons: [[[Point]]]) -> String {
    let bodies = polygons.map { rings in
      "[" + rings.map { "[" + $0.map(text).joined(separator: ",") + "]" }.joined(separator: ",") + "]"
    }
    return bodies.count == 1
      ? "{\"type\":\"Polygon\",\"coordinates\":\(bodies[0])}"
      : "{\"type\":\"MultiPolygon\",\"coordinates\":[\(bodies.joined(separator: ","))]}"
  }

  private static func text(_ point: Point) -> String {
    "[\(PublicAbout.degrees(point.longitudeE7)),\(PublicAbout.degrees(point.latitudeE7))]"
  }

  /// Douglas and Peucker's thinning of a ring; never fewer than four positions.
  private static func simplified(_ ring: [Point], tolerance: Double) -> [Point] {
    var keep = [Bool](repeating: false, count: ring.count)
    let far = ring.indices.max { distance(ring[$0], ring[0], ring[0]) < distance(ring[$1], ring[0], ring[0]) } ?? 0
    for index in [0, far, ring.count - 1] { keep[index] = true }
    var spans = [(0, far), (far, ring.count - 1)]
    while let (first, last) = spans.popLast() {
      guard last > first + 1 else { continue }
      var (worst, farthest) = (first + 1, -1.0)
      for index in first + 1..<last {
        let distance = distance(ring[index], ring[first], ring[last])
        if distance > farthest { (worst, farthest) = (index, distance) }
      }
      guard farthest > tolerance else { continue }
      keep[worst] = true
      spans += [(first, worst), (worst, last)]
    }
    let thinned = zip(ring, keep).filter(\.1).map(\.0)
    return thinned.count >= 4
      ? thinned : ring.count <= 8 ? ring : [ring[0], ring[ring.count / 3], ring[ring.count * 2 / 3], ring[0]]
  }

  /// Distance from a point to a segment.
  private static func distance(_ p: Point, _ a: Point, _ b: Point) -> Double {
    let (px, py) = (Double(p.longitudeE7 - a.longitudeE7), Double(p.latitudeE7 - a.latitudeE7))
    let (dx, dy) = (Double(b.longitudeE7 - a.longitudeE7), Double(b.latitudeE7 - a.latitudeE7))
    let length = dx * dx + dy * dy
    let t = length == 0 ? 0 : max(0, min(1, (px * dx + py * dy) / length))
    return ((px - t * dx) * (px - t * dx) + (py - t * dy) * (py - t * dy)).squareRoot()
  }
}
