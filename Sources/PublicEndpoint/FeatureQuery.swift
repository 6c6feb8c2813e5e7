// What a client of OGC API - Features asks for: the part of the city, the time, the page, the format.

internal import HTTPServer
internal import Publication
internal import Quantities

/// In which form an answer goes out.
enum Format: String, CaseIterable {
  case json, html, csv

  /// The first kind of an `Accept` header that is known; bytes, since every request comes by here.
  private static func first(of known: [Format], in accepted: String) -> Format? {
    for range in accepted.utf8.split(separator: UInt8(ascii: ",")) {
      let type = range.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != UInt8(ascii: " ") }
      let format: Format? =
        type.elementsEqual("text/html".utf8)
        ? .html : type.elementsEqual("text/csv".utf8) ? .csv : type.suffix(4).elementsEqual("json".utf8) ? .json : nil
      if let format, known.contains(format) { return format }
    }
    return nil
  }

  /// The form that a request asks for: `f` first, then `Accept`; JSON if it says nothing.
  init(_ request: Request, _ query: [(name: String, value: String)], of known: [Format]) throws(Problem) {
    if let asked = query.last(where: { $0.name == "f" }) {
      guard let format = Format(rawValue: asked.value), known.contains(format) else {
        throw Problem(400, "Bad request", "f is one of: \(known.map(\.rawValue).joined(separator: ", "))")
      }
      self = format
      return
    }
    self = Self.first(of: known, in: request.header("Accept") ?? "") ?? .json
  }
}

/// Which features are asked for.
struct FeatureQuery {
  /// Features of one answer, unless told.
  static let defaultLimit = 1000
  /// Features of one answer at most.
  static let maximumLimit = 10_000
  /// All parameters of `items`.
  static let names = ["f", "limit", "offset", "bbox", "datetime"] + PlaceQuery.names

  private(set) var limit: Int
  private(set) var offset = 0
  private var box: GeoBox?
  private var time: (from: Instant, until: Instant)?
  private let places: PlaceQuery

  init(
    _ query: [(name: String, value: String)], _ snapshot: PublicSnapshot, defaultLimit: Int = Self.defaultLimit
  ) throws(Problem) {
    limit = defaultLimit
    places = try PlaceQuery(query, snapshot)
    for (name, value) in query {
      switch name {
      case "limit": limit = min(try Self.whole(value, "limit", from: 1), Self.maximumLimit)
      case "offset": offset = try Self.whole(value, "offset", from: 0)
      case "bbox": box = try Self.box(value)
      case "datetime": time = try Self.time(value)
      default: break
      }
    }
  }

  /// The features that are meant, all of them.
  func features(_ snapshot: PublicSnapshot) -> [PublicPlace] {
    let found = places.places(snapshot, isRanked: false).lazy.map(\.place)
    return found.filter { place in
      if let box, !box.intersects(place.about.shape) { return false }
      // What is published of a place has been so since its last change.
      if let time, time.until < place.indicators.since || snapshot.at < time.from { return false }
      return true
    }
  }

  private static func whole(_ text: String, _ name: String, from least: Int) throws(Problem) -> Int {
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    // More than any machine counts is as good as all.
    let number = isNumber ? Int(text) ?? .max : -1
    guard number >= least else { throw Problem(400, "Bad request", "\(name) is a whole number from \(least) on") }
    return number
  }

  static func box(_ text: String) throws(Problem) -> GeoBox {
    let numbers = PlaceQuery.numbers(text) ?? []
    // With six the third and the sixth are heights, which places do not have.
    let corners = numbers.count == 6 ? [numbers[0], numbers[1], numbers[3], numbers[4]] : numbers
    guard corners.count == 4, corners[1] <= corners[3] else {
      throw Problem(
        400, "Bad request", "bbox is west,south,east,north in degrees, such as 4.77,45.70,4.90,45.81")
    }
    return GeoBox(west: corners[0], south: corners[1], east: corners[2], north: corners[3])
  }

  /// A moment, or an interval whose ends may be open.
  private static func time(_ text: String) throws(Problem) -> (from: Instant, until: Instant) {
    // A plus sign in a query means a space, and few people write %2B.
    let text = text.replacing(" ", with: "+")
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    func end(_ part: Substring, _ open: Instant) -> Instant? {
      part.isEmpty || part == ".." ? open : Instant(rfc3339: String(part))
    }
    if parts.count == 1, let moment = Instant(rfc3339: text) { return (moment, moment) }
    if parts.count == 2, let from = end(parts[0], .distantPast), let until = end(parts[1], .distantFuture),
      from <= until
    {
      return (from, until)
    }
    throw Problem(
      400, "Bad request", "datetime is a moment, or two with a / between them of which one may be .., in RFC 3339")
  }
}
