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
  private var counts: [[UInt16]]
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
    counts = Self.metres.map { _ in [UInt16](repeating: 0, count: cells.count) }
    good = places.map { _ in false }
    covered = Self.metres.map { _ in 0 }
    coveredWeighted = covered
    let origin = cells.first?.position ?? PublicPosition(longitudeE7: 0, latitudeE7: 0)
    let plane = LocalPlane(around: origin)
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

  /// The places that would gain most, and how many people; at most so many, none that gain nothing.
  public func bestGains(_ most: Int = 10) -> [(place: Int, people: Int64)] {
    let gains = good.indices.map { (place: $0, people: gain(of: $0)) }.filter { $0.people > 0 }
    return Array(gains.sorted { ($1.people, $0.place) < ($0.people, $1.place) }.prefix(most))
  }
}

/// Cells by the squares in which they lie.
private struct Grid {
  private let points: [SIMD2<Double>]
  private let step: Double
  /// Cells in the order of their squares, and where each square begins.
  private var order: [UInt32] = []
  private var starts: [Int] = []
  private var low = SIMD2<Double>.zero
  private var columns = 0
  private var rows = 0

  init(_ points: [SIMD2<Double>], step: Double) {
    self.points = points
    self.step = step
    guard let first = points.first else { return }
    low = points.reduce(first) { pointwiseMin($0, $1) }
    let high = points.reduce(first) { pointwiseMax($0, $1) }
    columns = Int((high.x - low.x) / step) + 1
    rows = Int((high.y - low.y) / step) + 1
    let squares = points.map { square(of: $0) }
    starts = [Int](repeating: 0, count: columns * rows + 1)
    for square in squares { starts[square + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var next = starts
    order = [UInt32](repeating: 0, count: points.count)
    for (cell, square) in squares.enumerated() {
      order[next[square]] = UInt32(cell)
      next[square] += 1
    }
  }

  private func square(of point: SIMD2<Double>) -> Int {
    Int((point.y - low.y) / step) * columns + Int((point.x - low.x) / step)
  }

  /// The cells in reach of a shape, nearest band first, and where each band ends.
  func cells(around shape: PlaneShape) -> (cells: [UInt32], ends: [Int]) {
    let metres = Coverage.metres
    var bands = metres.map { _ in [UInt32]() }
    let from = (shape.low - low) / step - 1
    let to = (shape.high - low) / step + 1
    let (left, right) = (max(0, Int(from.x.rounded(.down))), min(columns - 1, Int(to.x.rounded(.down))))
    let (bottom, top) = (max(0, Int(from.y.rounded(.down))), min(rows - 1, Int(to.y.rounded(.down))))
    guard left <= right, bottom <= top else { return ([], metres.map { _ in 0 }) }
    for row in bottom...top {
      for index in starts[row * columns + left]..<starts[row * columns + right + 1] {
        let cell = order[index]
        let point = points[Int(cell)]
        // Corners of the squares that lie beside the shape are far from its box already.
        let beside = pointwiseMax(shape.low - point, point - shape.high)
        guard beside.x <= step, beside.y <= step else { continue }
        let distance = shape.distance(to: point)
        if let band = metres.firstIndex(where: { distance <= $0 }) { bands[band].append(cell) }
      }
    }
    var ends: [Int] = []
    for band in bands { ends.append((ends.last ?? 0) + band.count) }
    return (Array(bands.joined()), ends)
  }
}
