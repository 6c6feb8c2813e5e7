// A rectangle of longitude and latitude, as maps and GIS programs ask for it.

/// A box between two parallels and two meridians, WGS 84; its west may lie east of its east, across the antimeridian.
public struct GeoBox: Hashable, Sendable {
  /// The western border in degrees.
  public let west: Double
  /// The southern border in degrees.
  public let south: Double
  /// The eastern border in degrees.
  public let east: Double
  /// The northern border in degrees.
  public let north: Double

  /// A box.
  public init(west: Double, south: Double, east: Double, north: Double) {
    self.west = west
    self.south = south
    self.east = east
    self.north = north
  }

  /// The box in parts whose west lies west of their east.
  private var parts: [GeoBox] {
    west <= east
      ? [self]
      : [
        GeoBox(west: west, south: south, east: 180, north: north),
        GeoBox(west: -180, south: south, east: east, north: north),
      ]
  }

  /// Whether a shape lies in it, at least with a point of its border or of its inside.
  public func intersects(_ shape: GeoShape) -> Bool { parts.contains { $0.holdsPart(of: shape) } }

  private func contains(_ point: SIMD2<Double>) -> Bool {
    west <= point.x && point.x <= east && south <= point.y && point.y <= north
  }

  private func holdsPart(of shape: GeoShape) -> Bool {
    func degrees(_ position: PublicPosition) -> SIMD2<Double> { SIMD2(position.longitude, position.latitude) }
    guard !shape.polygons.isEmpty else { return contains(degrees(shape.position)) }
    return shape.polygons.contains { rings in
      let rings = rings.map { $0.map(degrees) }
      return rings.contains { ring in zip(ring, ring.dropFirst()).contains { isCrossed(by: $0, $1) } }
        || Self.isInside(SIMD2(west, south), rings)
    }
  }

  /// Whether a line has a point in the box (Liang and Barsky 1984).
  private func isCrossed(by start: SIMD2<Double>, _ end: SIMD2<Double>) -> Bool {
    let along = end - start
    var (enters, leaves) = (0.0, 1.0)
    for (step, room) in [
      (-along.x, start.x - west), (along.x, east - start.x), (-along.y, start.y - south), (along.y, north - start.y),
    ] {
      if step == 0 {
        if room < 0 { return false }
      } else if step < 0 {
        enters = max(enters, room / step)
      } else {
        leaves = min(leaves, room / step)
      }
    }
    return enters <= leaves
  }

  /// Whether a point lies within an outline and in none of its holes: a ray to the east crosses them an odd number of
  /// times.
  private static func isInside(_ point: SIMD2<Double>, _ rings: [[SIMD2<Double>]]) -> Bool {
    var isInside = false
    for ring in rings {
      for (start, end) in zip(ring, ring.dropFirst()) {
        let (a, b) = (start - point, end - point)
        if (a.y > 0) != (b.y > 0), a.x - a.y / (b.y - a.y) * (b.x - a.x) > 0 { isInside.toggle() }
      }
    }
    return isInside
  }
}
