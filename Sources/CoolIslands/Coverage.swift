// Who has a cool place in reach: people by cells, places by their distance, counted so that one place's change costs
// only the cells around it.

public import Publication

/// People who live at a point: a cell of a population grid, or a block.
public struct PopulationCell: Hashable, Sendable {
  /// The cell's centre.
  public var position: PublicPosition
  /// How many people.
  public var people: Int64
  /// What each of them counts, in thousandths: more than 1,000 where many are old or ill.
  public var weight: Int64

  /// A cell.
  public init(position: PublicPosition, people: Int64, weight: Int64 = 1000) {
    self.position = position
    self.people = people
    self.weight = weight
  }
}

/// How many people are within which distance of a place.
public struct Coverage: Sendable {
  /// Distances in metres as the crow flies: 300 m (WHO Europe), then 5, 10 and 15 minutes at 4.5 km/h.
  public static let metres: [Double] = [300, 375, 750, 1125]
  /// The band by which gains are ranked: 10 minutes.
  public static let gainBand = 2

  /// For each place the cells in its reach, by band, and where each band ends.
  private let reach: [(cells: [UInt32], ends: [Int])]
  private let people: [Int64]
  private let weighted: [Int64]
  /// For each band how many good places each cell has in it.
  private var counts: [[UInt32]]
  private var good: [Bool]
  /// People who have a good place within each distance.
  public private(set) var covered: [Int64]
  /// The same, each person by weight, in thousandths.
  public private(set) var coveredWeighted: [Int64]
  /// All people.
  public let total: Int64
  /// All people by weight, in thousandths.
  public let totalWeighted: Int64

  /// Counts that know which place is how far from which cell; no place is good yet.
  public init(places: [GeoShape], cells: [PopulationCell]) {
    people = cells.map(\.people)
    weighted = cells.map { $0.people * $0.weight }
    total = people.reduce(0, +)
    totalWeighted = weighted.reduce(0, +)
    counts = Self.metres.map { _ in [UInt32](repeating: 0, count: cells.count) }
    good = places.map { _ in false }
    covered = Self.metres.map { _ in 0 }
    coveredWeighted = covered
    // A city is flat around its middle, wherever else people live.
    let latitudes = places.map(\.position.latitudeE7).sorted()
    let longitudes = places.map(\.position.longitudeE7).sorted()
    let plane = LocalPlane(
      around: PublicPosition(
        longitudeE7: longitudes.isEmpty ? 0 : longitudes[longitudes.count / 2],
        latitudeE7: latitudes.isEmpty ? 0 : latitudes[latitudes.count / 2]))
    let grid = Grid(cells.map { plane.place($0.position) }, step: Self.metres.last ?? 1)
    reach = places.map { grid.cells(around: PlaneShape($0, on: plane)) }
  }

  /// A place becomes good or bad.
  public mutating func set(_ place: Int, isGood: Bool) {
    guard good[place] != isGood else { return }
    good[place] = isGood
    let (cells, ends) = reach[place]
    for band in Self.metres.indices {
      // Who is near is also farther than nothing: a band holds all bands within it.
      for cell in cells[..<ends[band]] {
        let cell = Int(cell)
        if isGood {
          if counts[band][cell] == 0 { add(cell, band, 1) }
          counts[band][cell] += 1
        } else {
          counts[band][cell] -= 1
          if counts[band][cell] == 0 { add(cell, band, -1) }
        }
      }
    }
  }

  private mutating func add(_ cell: Int, _ band: Int, _ sign: Int64) {
    covered[band] += sign * people[cell]
    coveredWeighted[band] += sign * weighted[cell]
  }

  /// How many people more would have a place within 10 minutes if a place were good.
  public func gain(of place: Int) -> Int64 {
    guard !good[place] else { return 0 }
    let (cells, ends) = reach[place]
    return cells[..<ends[Self.gainBand]].reduce(0) { sum, cell in
      counts[Self.gainBand][Int(cell)] == 0 ? sum + people[Int(cell)] : sum
    }
  }

  /// The places that would gain most, and how many people; none that gain nothing.
  ///
  /// - Parameters:
  ///   - most: how many places at most.
  ///   - isMeant: whether a place could become good at all.
  /// - Returns: places and people, most first.
  public func bestGains(_ most: Int = 10, where isMeant: (Int) -> Bool = { _ in true }) -> [(place: Int, people: Int64)]
  {
    let gains = good.indices.filter(isMeant).map { (place: $0, people: gain(of: $0)) }.filter { $0.people > 0 }
    return Array(gains.sorted { ($1.people, $0.place) < ($0.people, $1.place) }.prefix(most))
  }
}

/// Cells by the squares in which they lie; only squares in which somebody lives are kept.
private struct Grid {
  private struct Square: Hashable {
    var column: Int32
    var row: Int32
  }

  private let points: [SIMD2<Double>]
  private let step: Double
  private var squares: [Square: [UInt32]] = [:]

  init(_ points: [SIMD2<Double>], step: Double) {
    self.points = points
    self.step = step
    for (cell, point) in points.enumerated() { squares[square(of: point), default: []].append(UInt32(cell)) }
  }

  private func square(of point: SIMD2<Double>) -> Square {
    Square(column: Int32((point.x / step).rounded(.down)), row: Int32((point.y / step).rounded(.down)))
  }

  /// The cells in reach of a shape, nearest band first, and where each band ends.
  func cells(around shape: PlaneShape) -> (cells: [UInt32], ends: [Int]) {
    let metres = Coverage.metres
    var bands = metres.map { _ in [UInt32]() }
    func look(at cells: [UInt32]) {
      for cell in cells {
        let point = points[Int(cell)]
        let bounds = shape.bounds(of: point)
        guard var band = metres.firstIndex(where: { bounds.lowerBound <= $0 }) else { continue }
        if bounds.upperBound > metres[band] {
          let distance = shape.distance(to: point)
          while band < metres.count, distance > metres[band] { band += 1 }
          if band == metres.count { continue }
        }
        bands[band].append(cell)
      }
    }
    let reach = SIMD2(repeating: step)
    let (low, high) = (square(of: shape.low - reach), square(of: shape.high + reach))
    if (Int(high.column - low.column) + 1) * (Int(high.row - low.row) + 1) > squares.count {
      // Larger than all that is inhabited: in the order of the cells, since a dictionary has none.
      look(at: points.indices.map { UInt32($0) })
    } else {
      for row in low.row...high.row {
        for column in low.column...high.column { look(at: squares[Square(column: column, row: row)] ?? []) }
      }
    }
    var ends: [Int] = []
    for band in bands { ends.append((ends.last ?? 0) + band.count) }
    return (Array(bands.joined()), ends)
  }
}
