// The site as files, for when the gateway is down: any web server can serve them, and each says until when it is good.

public import HTTPServer
internal import JSONText
internal import Pages
internal import Publication
internal import Quantities
internal import Synchronization

extension PublicSite {
  /// All files of an export with their names, as JSON; for the operators' port, which lets few people ask.
  public func export(_ request: Request) -> Reply {
    guard let snapshot = current.withLock({ $0 }) else {
      return .response(.problem(503, "Starting", "the gateway is reading its journal"))
    }
    do {
      return try export(request, snapshot)
    } catch {
      return .response(.problem(error.status, error.title, error.detail))
    }
  }

  /// Places of one piece of an export: their pages and what carries them take some tens of megabytes.
  private static let placesAtOnce = 500

  private func export(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(["minutes", "from"], query)
    func number(_ name: String, _ range: ClosedRange<Int>, _ usual: Int) throws(Problem) -> Int {
      guard let text = query.last(where: { $0.name == name })?.value else { return usual }
      guard let number = Int(text), range.contains(number) else {
        throw Problem(400, "Bad request", "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    let end = snapshot.at + .minutes(Int64(try number("minutes", 1...1440, 30)))
    let from = try number("from", 0...1_000_000, 0)
    let links = Links.files(validUntil: end)
    let languages = Language.allCases.map { Words($0, zone: snapshot.city.zone, now: snapshot.at, links: links) }
    var files: [(name: String, text: String)] = []
    if from == 0 {
      files += [("style.css", Assets.styleSheet), ("icon.svg", Assets.icon)]
      files.append(("cool-spots.geojson", features(snapshot, until: end)))
      for words in languages {
        files.append((words.language == .fr ? "index.html" : "index.en.html", try wholeList(snapshot, words)))
      }
    }
    let places = snapshot.places.dropFirst(from).prefix(Self.placesAtOnce)
    for words in languages {
      for place in places {
        files.append((Links.file(ofPlace: place.about.id, words.language), placePage(place, snapshot, words)))
      }
    }
    var json = JSONWriter()
    json.object { json in
      json.key("files")
      json.array { json in
        for file in files {
          json.object { json in
            json.member("name", file.name)
            json.member("text", file.text)
          }
        }
      }
      if from + places.count < snapshot.places.count { json.member("next", from + places.count) }
    }
    return .response(
      Response(
        status: 200, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body: json.bytes))
  }

  private func features(_ snapshot: PublicSnapshot, until end: Instant) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("timeStamp", snapshot.at.rfc3339())
      json.member("expires", end.rfc3339())
      json.key("features")
      json.array { json in for place in snapshot.places { place.writeFeature(to: &json, zone: snapshot.city.zone) } }
    }
    return json.text
  }
}
