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

  private func export(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(["minutes"], query)
    var minutes: Int64 = 30
    if let text = query.last?.value {
      guard let number = Int64(text), (1...1440).contains(number) else {
        throw Problem(400, "Bad request", "minutes is a whole number from 1 to 1440")
      }
      minutes = number
    }
    let links = Links.files(validUntil: snapshot.at + .minutes(minutes))
    var json = JSONWriter()
    var files: [(name: String, text: String)] = [("style.css", Assets.styleSheet), ("icon.svg", Assets.icon)]
    for language in Language.allCases {
      let words = Words(language, zone: snapshot.city.zone, now: snapshot.at, links: links)
      files.append((language == .fr ? "index.html" : "index.en.html", try wholeList(snapshot, words)))
      for place in snapshot.places {
        files.append((Links.file(ofPlace: place.about.id, language), placePage(place, snapshot, words)))
      }
    }
    var features = JSONWriter()
    features.object { json in
      json.member("type", "FeatureCollection")
      json.member("timeStamp", snapshot.at.rfc3339())
      json.member("expires", (snapshot.at + .minutes(minutes)).rfc3339())
      json.key("features")
      json.array { json in for place in snapshot.places { place.writeFeature(to: &json, zone: snapshot.city.zone) } }
    }
    files.append(("cool-spots.geojson", features.text))
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
    }
    return .response(
      Response(
        status: 200, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body: json.bytes))
  }
}
