// Where a place lies, and how far it is: as the crow flies, to its nearest edge or entrance.

internal import Glibc

/// A point, or polygons with their holes, WGS 84.
public struct GeoShape: Hashable, Sendable {
  /// The outlines, exterior first, each ending where it begins; empty for a point.
  public let polygons: [[[PublicPosition]]]
  /// A point on it: the point itself, or the centre of the largest polygon's bounding box.
  public let position: PublicPosition
  /// The ways in; where they are known the distance is that to the nearest one.
  public var entrances: [PublicPosition] = []

  /// A point.
  public init(_ point: PublicPosition) {
    position = point
    polygons = []
  }

  /// Polygons, at least one.
  public init(polygons: [[[PublicPosition]]]) {
    self.polygons = polygons
    let largest = polygons.max { abs(Self.doubledArea($0[0])) < abs(Self.doubledArea($1[0])) }
    let xs = largest?[0].map(\.longitudeE7) ?? []
    let ys = largest?[0].map(\.latitudeE7) ?? []
    position = PublicPosition(
      longitudeE7: ((xs.min() ?? 0) + (xs.max() ?? 0)) / 2, latitudeE7: ((ys.min() ?? 0) + (ys.max() ?? 0)) / 2)
  }

  /// Twice the area that a ring encloses, in squares of 10⁻⁷ degrees; positive if it runs counter-clockwise.
  public static func doubledArea(_ ring: [PublicPosition]) -> Double {
    zip(ring, ring.dropFirst()).reduce(0) { sum, pair in
      sum + Double(pair.0.longitudeE7) * Double(pair.1.latitudeE7)
        - Double(pair.1.longitudeE7) * Double(pair.0.latitudeE7)
    }
  }

  /// The smallest box around it: its south-western and its north-eastern corner.
  public var bounds: (low: PublicPosition, high: PublicPosition) {
    var (low, high) = (position, position)
    for point in polygons.joined().joined() + entrances {
      low = PublicPosition(
        longitudeE7: min(low.longitudeE7, point.longitudeE7), latitudeE7: min(low.latitudeE7, point.latitudeE7))
      high = PublicPosition(
        longitudeE7: max(high.longitudeE7, point.longitudeE7), latitudeE7: max(high.latitudeE7, point.latitudeE7))
    }
    return (low, high)
  }

  /// How far it is from a point as the crow flies: to the nearest entrance, else to the nearest edge; inside it is 0.
  ///
  /// - Parameter point: the point, at most some hundred kilometres away.
  /// - Returns: metres; within a thousandth of the geodesic over the distances of a city.
  public func distance(to point: PublicPosition) -> Double {
    PlaneShape(self, on: LocalPlane(around: point)).distance(to: .zero)
  }
}

/// Metres east and north of a point: the earth is flat as far as a city reaches.
public struct LocalPlane: Sendable {
  private let origin: PublicPosition
  private let scale: MetresPerDegree

  /// The plane that touches the earth at a point.
  public init(around origin: PublicPosition) {
    self.origin = origin
    scale = MetresPerDegree(at: origin.latitude)
  }

  /// Metres east and north.
  public func place(_ position: PublicPosition) -> SIMD2<Double> {
    SIMD2(
      Double(position.longitudeE7 - origin.longitudeE7) / 1e7 * scale.longitude,
      Double(position.latitudeE7 - origin.latitudeE7) / 1e7 * scale.latitude)
  }
}

extension LocalPlane {
  /// In which of eight directions a position lies from the origin: 0 is north, 2 east, clockwise.
  public func direction(of position: PublicPosition) -> Int {
    let way = place(position)
    return Int((atan2(way.x, way.y) / (Double.pi / 4)).rounded() + 8) % 8
  }
}

/// A side of an outline; its length is divided by once, and not for every distance.
private struct Edge {
  let start: SIMD2<Double>
  let along: SIMD2<Double>
  let perLength: Double

  init(_ start: SIMD2<Double>, _ end: SIMD2<Double>) {
    self.start = start
    along = end - start
    let squared = along.x * along.x + along.y * along.y
    perLength = squared == 0 ? 0 : 1 / squared
  }
}

/// A shape on a plane, for many distances.
public struct PlaneShape: Sendable {
  private let point: SIMD2<Double>
  private let doors: [SIMD2<Double>]
  private let polygons: [[[Edge]]]
  /// The corners that touch the box, west, south, east and north; none where entrances or the point itself count.
  private let outermost: [SIMD2<Double>]
  /// The south-western corner of the box around it.
  public let low: SIMD2<Double>
  /// The north-eastern corner.
  public let high: SIMD2<Double>

  /// A shape as it lies on a plane.
  public init(_ shape: GeoShape, on plane: LocalPlane) {
    point = plane.place(shape.position)
    doors = shape.entrances.map(plane.place)
    let rings = shape.polygons.map { $0.map { $0.map(plane.place) } }
    polygons = rings.map { $0.map { ring in zip(ring, ring.dropFirst()).map(Edge.init) } }
    let corners = rings.joined().joined() + doors
    low = corners.reduce(point) { pointwiseMin($0, $1) }
    high = corners.reduce(point) { pointwiseMax($0, $1) }
    let outline = doors.isEmpty ? Array(rings.joined().joined()) : []
    outermost = [
      outline.min { $0.x < $1.x }, outline.min { $0.y < $1.y }, outline.max { $0.x < $1.x },
      outline.max { $0.y < $1.y },
    ].compactMap { $0 }
  }

  /// Metres between which ``distance(to:)`` lies but for rounding, at a small part of its price for an outline of many corners.
  ///
  /// - Parameter place: where from.
  /// - Returns: no farther than the box is the shape, and no nearer than its outermost corners.
  public func bounds(of place: SIMD2<Double>) -> ClosedRange<Double> {
    guard !outermost.isEmpty else {
      let exact = distance(to: place)
      return exact...exact
    }
    let beside = pointwiseMax(pointwiseMax(low - place, place - high), .zero)
    let corner = outermost.reduce(.infinity) { min($0, Self.squared($1 - place)) }
    let nearest = Self.squared(beside).squareRoot()
    return nearest...max(nearest, corner.squareRoot())
  }

  /// Metres to the nearest entrance, else to the nearest edge; inside 0.
  public func distance(to place: SIMD2<Double>) -> Double {
    var nearest = Double.infinity
    for rings in polygons {
      var isInside = false
      for ring in rings {
        for edge in ring {
          let a = edge.start - place
          // A ray to the east crosses the outline an odd number of times.
          if (a.y > 0) != (a.y + edge.along.y > 0), a.x - a.y / edge.along.y * edge.along.x > 0 { isInside.toggle() }
          let share = max(0, min(1, -(a.x * edge.along.x + a.y * edge.along.y) * edge.perLength))
          nearest = min(nearest, Self.squared(a + edge.along * share))
        }
      }
      if isInside { return 0 }
    }
    if !doors.isEmpty {
      nearest = doors.reduce(.infinity) { min($0, Self.squared($1 - place)) }
    } else if polygons.isEmpty {
      nearest = Self.squared(point - place)
    }
    return nearest.squareRoot()
  }

  @inline(__always)
  private static func squared(_ vector: SIMD2<Double>) -> Double { vector.x * vector.x + vector.y * vector.y }
}

/// How long a degree is in metres, on the ellipsoid of WGS 84.
struct MetresPerDegree: Sendable {
  /// Of latitude, along a meridian.
  let latitude: Double
  /// Of longitude, along a parallel.
  let longitude: Double

  /// The lengths at a latitude in degrees.
  ///
  /// Source: the series of NGA's Geodesy calculator, good to a centimetre a degree.
  init(at latitude: Double) {
    let phi = latitude * Double.pi / 180
    self.latitude = 111_132.954 - 559.822 * cos(2 * phi) + 1.175 * cos(4 * phi)
    longitude = 111_412.84 * cos(phi) - 93.5 * cos(3 * phi) + 0.118 * cos(5 * phi)
  }
}
