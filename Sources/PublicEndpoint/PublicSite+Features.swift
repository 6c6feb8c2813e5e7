// Features for machines: places as GeoJSON, in the paths of OGC API - Features.

internal import HTTPServer
internal import JSONText
internal import Publication
internal import Quantities

extension PublicSite {
  /// Features of one answer at most.
  static let maximumLimit = 10_000

  private static let featureHeaders =
    security + [
      ("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-cache"), ("Vary", "Accept, Accept-Encoding"),
    ]

  func items(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(["limit"], query)
    var limit = 1000
    for (_, value) in query {
      guard let number = Int(value), number > 0 else {
        throw Problem(400, "Bad request", "limit is a whole number from 1 to \(Self.maximumLimit)")
      }
      limit = min(number, Self.maximumLimit)
    }
    return cache.resource("/items \(min(limit, snapshot.places.count))", version: snapshot.version) {
      var json = JSONWriter()
      json.object { json in
        json.member("type", "FeatureCollection")
        json.member("timeStamp", snapshot.at.rfc3339())
        json.member("numberMatched", snapshot.places.count)
        json.member("numberReturned", min(limit, snapshot.places.count))
        json.key("links")
        json.array { json in
          json.object { json in
            json.member("rel", "self")
            json.member("type", "application/geo+json")
            json.member("href", "/collections/cool-spots/items?limit=\(limit)")
          }
        }
        json.key("features")
        json.array { json in
          for place in snapshot.places.prefix(limit) { place.writeFeature(to: &json, zone: snapshot.city.zone) }
        }
      }
      return feature(json.bytes)
    }.reply(to: request)
  }

  func item(_ request: Request, _ snapshot: PublicSnapshot, _ id: String) throws(Problem) -> Reply {
    try allow([], request.query)
    guard let place = snapshot.place(id) else { throw Problem(404, "Not found", "there is no such place") }
    return cache.resource("/items/\(id)", version: snapshot.version) {
      var json = JSONWriter()
      place.writeFeature(to: &json, zone: snapshot.city.zone)
      return feature(json.bytes)
    }.reply(to: request)
  }

  private func feature(_ body: [UInt8]) -> Resource {
    Resource(type: "application/geo+json", body: body, headers: Self.featureHeaders)
  }

  /// The landing page for machines.
  func landing(_ snapshot: PublicSnapshot) -> Resource {
    var json = JSONWriter()
    json.object { json in
      json.member("title", "Tonnelle · \(snapshot.city.name)")
      json.key("links")
      json.array { json in
        for (rel, type, href) in [
          ("self", "application/json", "/"), ("alternate", "text/html", "/"),
          ("items", "application/geo+json", "/collections/cool-spots/items"),
        ] {
          json.object { json in
            json.member("rel", rel)
            json.member("type", type)
            json.member("href", href)
          }
        }
      }
    }
    return Resource(type: "application/json", body: json.bytes, headers: Self.featureHeaders)
  }
}
