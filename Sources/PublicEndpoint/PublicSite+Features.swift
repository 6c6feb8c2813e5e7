// OGC API - Features 1.0: places for GIS programs and for everyone who writes their own.

internal import HTTPServer
internal import JSONText
internal import Pages
internal import Publication
internal import Quantities

/// A link of a document.
struct Link {
  var rel: String
  var type: String
  var href: String
  var title: String

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("rel", rel)
      json.member("type", type)
      json.member("title", title)
      json.member("href", href)
    }
  }
}

extension JSONWriter {
  mutating func links(_ links: [Link]) {
    key("links")
    array { json in for link in links { link.write(to: &json) } }
  }
}

/// A document about the API: JSON for machines, a page for people.
private struct Document {
  var title: String
  var links: [Link]
  /// What the page says beside the links.
  var facts: [String] = []
  /// The members beside the links.
  var write: (inout JSONWriter) -> Void = { _ in }
}

extension PublicSite {
  static let featureHeaders =
    security + [
      ("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-cache"), ("Vary", "Accept, Accept-Encoding"),
    ]
  private static let collection = "/collections/cool-spots"
  private static let json = "application/json"
  private static let geoJSON = "application/geo+json"
  private static let openAPI = "application/vnd.oai.openapi+json;version=3.0"

  // MARK: The API itself

  /// Answers what is asked about the API; nil if the path is none of these.
  func apiReply(_ request: Request, _ base: String, _ snapshot: PublicSnapshot) throws(Problem) -> Reply? {
    let path = request.path
    let document: Document
    switch path {
    case "/conformance": document = conformance(base)
    case "/collections": document = collections(base, snapshot)
    case Self.collection: document = collection(base, snapshot)
    case "/api":
      document = Document(
        title: "API",
        links: [
          Link(rel: "self", type: Self.openAPI, href: base + "/api?f=json", title: "OpenAPI 3.0"),
          Link(rel: "service-doc", type: "text/html", href: base + "/data", title: "How to use the data"),
        ])
    default: return nil
    }
    let query = request.query
    try allow(["f"], query)
    let format = try Format(request, query, of: [.json, .html])
    return cache.resource("\(path) \(format) \(base)", version: snapshot.version) {
      switch format {
      case .html: return self.page(document, path, snapshot)
      case .json, .csv:
        guard path == "/api" else { return resource(document) }
        return Resource(
          type: Self.openAPI, body: APIDescription.json(base: base, snapshot), headers: Self.featureHeaders)
      }
    }.reply(to: request)
  }

  /// The landing page for machines.
  func landing(_ base: String, _ snapshot: PublicSnapshot) -> Resource {
    resource(
      Document(
        title: "Tonnelle · \(snapshot.city.name)",
        links: [
          Link(rel: "self", type: Self.json, href: base + "/?f=json", title: "This document"),
          Link(rel: "alternate", type: "text/html", href: base + "/?f=html", title: "The list of places, for people"),
          Link(rel: "service-desc", type: Self.openAPI, href: base + "/api", title: "The API, in OpenAPI 3.0"),
          Link(rel: "service-doc", type: "text/html", href: base + "/data", title: "How to use the data"),
          Link(rel: "conformance", type: Self.json, href: base + "/conformance", title: "What it conforms to"),
          Link(rel: "data", type: Self.json, href: base + "/collections", title: "The collections"),
        ] + license(snapshot)
      ) { json in
        json.member("title", "Tonnelle · \(snapshot.city.name)")
        json.member("description", Self.description)
      })
  }

  private func conformance(_ base: String) -> Document {
    let classes = ["core", "geojson", "oas30", "html"].map {
      "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/\($0)"
    }
    let link = Link(rel: "self", type: Self.json, href: base + "/conformance", title: "This document")
    return Document(title: "Conformance", links: [link], facts: classes) { json in
      json.key("conformsTo")
      json.array { json in for name in classes { json.string(name) } }
    }
  }

  private func collections(_ base: String, _ snapshot: PublicSnapshot) -> Document {
    let collection = collection(base, snapshot)
    let link = Link(rel: "self", type: Self.json, href: base + "/collections", title: "Collections")
    return Document(title: "Collections", links: [link] + collection.links) { json in
      json.key("collections")
      json.array { json in
        json.object { json in
          collection.write(&json)
          json.links(collection.links)
        }
      }
    }
  }

  private func resource(_ document: Document) -> Resource {
    var json = JSONWriter()
    json.object { json in
      document.write(&json)
      json.links(document.links)
    }
    return Resource(type: Self.json, body: json.bytes, headers: Self.featureHeaders)
  }

  private func page(_ document: Document, _ path: String, _ snapshot: PublicSnapshot) -> Resource {
    page(
      DocumentPage(
        title: document.title, cityName: snapshot.city.name, path: nil,
        parts: [.list(document.facts), .links(document.links.map { ($0.title, $0.href) })],
        contact: snapshot.city.contact
      ).html(.en))
  }

  private static let description =
    "Cool places: which are open, cool, quiet and have room, as sensors and timetables say"

  private func collection(_ base: String, _ snapshot: PublicSnapshot) -> Document {
    let items = base + Self.collection + "/items"
    let links = [
      Link(rel: "self", type: Self.json, href: base + Self.collection, title: "This collection"),
      Link(rel: "items", type: Self.geoJSON, href: items, title: "The places, as GeoJSON"),
      Link(rel: "items", type: "text/html", href: items + "?f=html", title: "The places, as a table"),
      Link(rel: "items", type: "text/csv", href: items + "?f=csv", title: "The places, for a spreadsheet"),
    ]
    let title = "Cool places of \(snapshot.city.name)"
    return Document(title: title, links: links + license(snapshot), facts: [Self.description]) { json in
      json.member("id", "cool-spots")
      json.member("title", title)
      json.member("description", Self.description)
      json.member("itemType", "feature")
      json.key("crs")
      json.array { $0.string(Self.crs) }
      json.key("extent")
      json.object { self.writeExtent(to: &$0, snapshot) }
    }
  }

  private static let crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

  private func writeExtent(to json: inout JSONWriter, _ snapshot: PublicSnapshot) {
    if let bounds = snapshot.bounds {
      json.key("spatial")
      json.object { json in
        let degrees = [bounds.low, bounds.high].flatMap { corner in
          [PublicAbout.degrees(corner.longitudeE7), PublicAbout.degrees(corner.latitudeE7)]
        }
        json.member("bbox", raw: "[[\(degrees.joined(separator: ","))]]")
        json.member("crs", Self.crs)
      }
    }
    let first = snapshot.places.map(\.indicators.since).min()
    json.key("temporal")
    json.object { json in
      json.member("interval", raw: "[[\(first.map { "\"\($0.rfc3339())\"" } ?? "null"),null]]")
    }
  }

  /// Under which terms the data may be used, if the city says so.
  private func license(_ snapshot: PublicSnapshot) -> [Link] {
    snapshot.city.licence.map { [Link(rel: "license", type: "text/html", href: $0.url, title: $0.name)] } ?? []
  }

  // MARK: Features

  func items(_ request: Request, _ base: String, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(FeatureQuery.names, query)
    let format = try Format(request, query, of: [.json, .html, .csv])
    // A table goes into a spreadsheet whole, as far as an answer goes.
    let asked = try FeatureQuery(
      query, snapshot, defaultLimit: format == .csv ? FeatureQuery.maximumLimit : FeatureQuery.defaultLimit)
    let key = "/items \(format) \(base) \(Self.encoded(query))"
    return cache.resource(key, version: snapshot.version) {
      let matched = asked.features(snapshot)
      let shown = matched.dropFirst(asked.offset).prefix(asked.limit)
      let links = self.links(of: query, base, format, asked, matched.count)
      switch format {
      case .json: return itemsJSON(shown, matched.count, links, snapshot)
      case .csv: return table(shown, matched.count, links, snapshot)
      case .html: return tablePage(shown, matched.count, links, snapshot)
      }
    }.reply(to: request)
  }

  private func links(
    of query: [(name: String, value: String)], _ base: String, _ format: Format, _ asked: FeatureQuery, _ matched: Int
  ) -> [Link] {
    let types: [Format: (type: String, name: String)] = [
      .json: (Self.geoJSON, "GeoJSON"), .html: ("text/html", "HTML"), .csv: ("text/csv", "CSV"),
    ]
    func link(_ rel: String, _ other: Format, offset: Int) -> Link {
      var parameters = query.filter { $0.name != "f" && $0.name != "offset" }
      if offset > 0 { parameters.append(("offset", "\(offset)")) }
      if other != .json || query.contains(where: { $0.name == "f" }) { parameters.append(("f", other.rawValue)) }
      let text = parameters.isEmpty ? "" : "?" + Self.encoded(parameters)
      let titles = ["self": "This page", "next": "The next page", "prev": "The page before"]
      return Link(
        rel: rel, type: types[other]?.type ?? "", href: base + Self.collection + "/items" + text,
        title: titles[rel] ?? "This page as \(types[other]?.name ?? "")")
    }
    var links = [link("self", format, offset: asked.offset)]
    for other in Format.allCases where other != format { links.append(link("alternate", other, offset: asked.offset)) }
    if asked.offset < matched, matched - asked.offset > asked.limit {
      links.append(link("next", format, offset: asked.offset + asked.limit))
    }
    if asked.offset > 0 { links.append(link("prev", format, offset: max(0, asked.offset - asked.limit))) }
    return links
  }

  private func itemsJSON(_ shown: ArraySlice<PublicPlace>, _ matched: Int, _ links: [Link], _ snapshot: PublicSnapshot)
    -> Resource
  {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("timeStamp", snapshot.at.rfc3339())
      json.member("numberMatched", matched)
      json.member("numberReturned", shown.count)
      json.links(links)
      json.key("features")
      json.array { json in for place in shown { place.writeFeature(to: &json, zone: snapshot.city.zone) } }
    }
    return Resource(type: Self.geoJSON, body: json.bytes, headers: Self.featureHeaders)
  }

  func item(_ request: Request, _ base: String, _ snapshot: PublicSnapshot, _ id: String) throws(Problem) -> Reply {
    let query = request.query
    try allow(["f"], query)
    let format = try Format(request, query, of: [.json, .html])
    guard let place = snapshot.place(id) else { throw Problem(404, "Not found", "there is no such place") }
    let href = base + Self.collection + "/items/" + id
    let links = [
      Link(rel: "self", type: Self.geoJSON, href: href, title: "This place"),
      Link(rel: "alternate", type: "text/html", href: base + "/places/" + id, title: "This place, for people"),
      Link(rel: "collection", type: Self.json, href: base + Self.collection, title: "The collection"),
    ]
    return cache.resource("/items/\(id) \(format) \(base)", version: snapshot.version) {
      if format == .html { return tablePage([place], 1, links, snapshot) }
      var json = JSONWriter()
      place.writeFeature(to: &json, zone: snapshot.city.zone) { $0.links(links) }
      return Resource(type: Self.geoJSON, body: json.bytes, headers: Self.featureHeaders)
    }.reply(to: request)
  }

  /// Places as rows for a spreadsheet (RFC 4180): where they lie, then every property.
  private func table(
    _ shown: ArraySlice<PublicPlace>, _ matched: Int, _ links: [Link], _ snapshot: PublicSnapshot
  ) -> Resource {
    var text = (["id", "longitude", "latitude"] + PlaceProperty.all.map(\.name)).joined(separator: ",") + "\r\n"
    for place in shown {
      let position = place.about.position
      text +=
        "\(place.about.id),\(PublicAbout.degrees(position.longitudeE7)),\(PublicAbout.degrees(position.latitudeE7))"
      for property in PlaceProperty.all {
        text += ","
        switch property.value(place, snapshot.city.zone) {
        case .text(let value): text += Self.quoted(value)
        case .number(let digits): text += digits
        case .flag(let isSo): text += isSo ? "true" : "false"
        case nil: break
        }
      }
      text += "\r\n"
    }
    let next = links.filter { $0.rel == "next" }.map { ("Link", "<\($0.href)>; rel=\"next\"; type=\"text/csv\"") }
    return Resource(
      type: "text/csv; charset=utf-8", body: Array(text.utf8),
      headers: Self.featureHeaders + [("OGC-NumberMatched", "\(matched)")] + next)
  }

  static func quoted(_ text: String) -> String {
    // Scalar by scalar: a quote with an accent on it is one character, and a quote all the same.
    guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
    let scalars = text.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }
    return "\"" + String(String.UnicodeScalarView(scalars)) + "\""
  }

  private func tablePage(
    _ shown: ArraySlice<PublicPlace>, _ matched: Int, _ links: [Link], _ snapshot: PublicSnapshot
  ) -> Resource {
    let properties = PlaceProperty.all.filter { !["reasons", "source", "licence"].contains($0.name) }
    let rows = shown.map { place in
      [DocumentPage.Cell(place.about.id, href: "/places/\(place.about.id)")]
        + properties.map { property in
          switch property.value(place, snapshot.city.zone) {
          case .text(let value): .init(value)
          case .number(let digits): .init(digits, isNumber: true)
          case .flag(let isSo): .init(isSo ? "yes" : "no")
          case nil: .init("not known")
          }
        }
    }
    return page(
      DocumentPage(
        title: "Cool places of \(snapshot.city.name)", cityName: snapshot.city.name,
        path: nil,
        parts: [
          .text("\(shown.count) of \(matched)."), .links(links.map { ($0.title, $0.href) }),
          .table(caption: "Places", head: ["id"] + properties.map(\.name), rows: rows),
        ], contact: snapshot.city.contact
      ).html(.en))
  }

  /// Parameters as they stand in an address.
  static func encoded(_ query: [(name: String, value: String)]) -> String {
    func escaped(_ text: String) -> String {
      text.utf8.map { byte in
        let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
        // What addresses may hold as it is, and people like to read.
        if isPlain || "-._~,:/".utf8.contains(byte) { return String(UnicodeScalar(byte)) }
        return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }.joined()
    }
    return query.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
  }
}
