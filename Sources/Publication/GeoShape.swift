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
    let scale = MetresPerDegree(at: point.latitude)
    func local(_ other: PublicPosition) -> (x: Double, y: Double) {
      (
        Double(other.longitudeE7 - point.longitudeE7) / 1e7 * scale.longitude,
        Double(other.latitudeE7 - point.latitudeE7) / 1e7 * scale.latitude
      )
    }
    let doors = entrances.map(local).map { hypot($0.x, $0.y) }
    let isInside = polygons.contains { rings in rings.count { Self.winds($0, around: point) } % 2 == 1 }
    if isInside { return 0 }
    if let nearest = doors.min() { return nearest }
    guard !polygons.isEmpty else {
      let (x, y) = local(position)
      return hypot(x, y)
    }
    var nearest = Double.infinity
    for ring in polygons.joined() {
      var a = local(ring[0])
      for corner in ring.dropFirst() {
        let b = local(corner)
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dx * dx + dy * dy
        let t = length == 0 ? 0 : max(0, min(1, -(a.x * dx + a.y * dy) / length))
        nearest = min(nearest, hypot(a.x + t * dx, a.y + t * dy))
        a = b
      }
    }
    return nearest
  }

  /// Whether a ring encloses a point: a ray to the east crosses it an odd number of times.
  private static func winds(_ ring: [PublicPosition], around point: PublicPosition) -> Bool {
    var isInside = false
    for (a, b) in zip(ring, ring.dropFirst()) {
      guard (a.latitudeE7 > point.latitudeE7) != (b.latitudeE7 > point.latitudeE7) else { continue }
      let share = Double(point.latitudeE7 - a.latitudeE7) / Double(b.latitudeE7 - a.latitudeE7)
      let crossing = Double(a.longitudeE7) + share * Double(b.longitudeE7 - a.longitudeE7)
      if Double(point.longitudeE7) < crossing { isInside.toggle() }
    }
    return isInside
  }
}

/// How long a degree is in metres, on the ellipsoid of WGS 84.
public struct MetresPerDegree: Hashable, Sendable {
  /// Of latitude, along a meridian.
  public let latitude: Double
  /// Of longitude, along a parallel.
  public let longitude: Double

  /// The lengths at a latitude in degrees.
  ///
  /// Source: the series of NGA's Geodesy calculator, good to a centimetre a degree.
  public init(at latitude: Double) {
    let phi = latitude * Double.pi / 180
    self.latitude = 111_132.954 - 559.822 * cos(2 * phi) + 1.175 * cos(4 * phi)
    longitude = 111_412.84 * cos(phi) - 93.5 * cos(3 * phi) + 0.118 * cos(5 * phi)
  }
}
