// A day of what was published, for spreadsheets and for GIS programs.

internal import HTTPServer
internal import JSONText
internal import Publication
internal import Quantities
internal import Synchronization

extension PublicSite {
  /// Changes of one answer at most.
  private static let mostChanges = 200_000

  /// `/history/2026-07-18.csv` or `.geojson`.
  func historyReply(_ request: Request, _ snapshot: PublicSnapshot, _ name: String) throws(Problem) -> Reply {
    try allow([], request.query)
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, ["csv", "geojson"].contains(parts[1]), let day = CivilDay(parts[0]) else {
      throw Problem(404, "Not found", "a day's history is asked for as /history/2026-07-18.csv or .geojson")
    }
    let today = snapshot.city.zone.civil(snapshot.at).day
    guard day <= today else { throw Problem(404, "Not found", "that day has not come yet") }
    guard let history = history.withLock({ $0 }) else {
      throw Problem(503, "Starting", "the history is not open yet")
    }
    // A day that is over stays as it is, but for what could not be stored yet: it is looked at again every hour.
    let isOver = snapshot.at - snapshot.city.zone.instant(day.adding(days: 1), secondOfDay: 0) > .hours(1)
    var fault: Problem?
    let resource = cache.resource(
      "/history/\(name)", version: isOver ? UInt64(max(0, snapshot.at.seconds / 3600)) : snapshot.version
    ) {
      let zone = snapshot.city.zone
      let changes = history.changes(
        from: zone.instant(day, secondOfDay: 0), to: zone.instant(day.adding(days: 1), secondOfDay: 0),
        limit: Self.mostChanges + 1)
      if changes == nil {
        fault = Problem(503, "Not readable", "the history cannot be read now; try again later")
      } else if changes?.count ?? 0 > Self.mostChanges {
        fault = Problem(413, "Too large", "that day has more than \(Self.mostChanges) changes")
      }
      let body = parts[1] == "csv" ? csv(changes ?? [], zone) : geoJSON(changes ?? [], day, snapshot)
      return Resource(
        type: parts[1] == "csv" ? "text/csv; charset=utf-8" : "application/geo+json", body: body,
        headers: Self.security + [
          ("Access-Control-Allow-Origin", "*"), ("Vary", "Accept-Encoding"),
          ("Cache-Control", isOver ? "public, max-age=3600" : "no-cache"),
        ])
    }
    if fault != nil { cache.forget("/history/\(name)") }
    if let fault { throw fault }
    return resource.reply(to: request)
  }

  private func csv(_ changes: [PublicChange], _ zone: CivilZone) -> [UInt8] {
    var text = "at,place,indicator,from,to,reasons\r\n"
    for change in changes {
      let cells = [
        zone.text(change.at), change.place, change.indicator, change.before, change.after,
        change.reasons.joined(separator: " "),
      ]
      text += cells.map(Self.quoted).joined(separator: ",") + "\r\n"
    }
    return Array(text.utf8)
  }

  /// Every place that changed, with its changes.
  private func geoJSON(_ changes: [PublicChange], _ day: CivilDay, _ snapshot: PublicSnapshot) -> [UInt8] {
    let byPlace = Dictionary(grouping: changes, by: \.place)
    let zone = snapshot.city.zone
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("day", day.text)
      json.key("features")
      json.array { json in
        for place in snapshot.places {
          guard let own = byPlace[place.about.id] else { continue }
          json.object { json in
            json.member("type", "Feature")
            json.member("id", place.about.id)
            json.member("geometry", raw: place.about.geometry)
            json.key("properties")
            json.object { json in
              json.member("name", place.about.name)
              json.member("kind", place.about.kind.rawValue)
              json.key("changes")
              json.array { json in for change in own { change.write(to: &json, zone) } }
            }
          }
        }
      }
    }
    return json.bytes
  }
}

extension PublicChange {
  fileprivate func write(to json: inout JSONWriter, _ zone: CivilZone) {
    json.object { json in
      json.member("at", zone.text(at))
      json.member("indicator", indicator)
      json.member("from", before)
      json.member("to", after)
      if !reasons.isEmpty { json.member("reasons", reasons.joined(separator: " ")) }
    }
  }
}
