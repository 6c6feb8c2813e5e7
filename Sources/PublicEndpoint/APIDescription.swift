// The API described in OpenAPI 3.0, from the same lists of properties and filters that answer requests.

internal import JSONText
internal import Publication

enum APIDescription {
  /// The document.
  static func json(base: String, _ snapshot: PublicSnapshot) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("openapi", "3.0.3")
      json.key("info")
      json.object { json in
        json.member("title", "Tonnelle · \(snapshot.city.name)")
        json.member("version", "1.0.0")
        json.member("description", "Cool places: which are open, cool, quiet and have room. No key, no registration.")
        if let licence = snapshot.city.licence {
          json.key("license")
          json.object { json in
            json.member("name", licence.name)
            json.member("url", licence.url)
          }
        }
      }
      json.key("servers")
      json.array { json in json.object { $0.member("url", base.isEmpty ? "/" : base) } }
      json.key("paths")
      json.object { writePaths(to: &$0, snapshot) }
      json.key("components")
      json.object { json in
        json.key("parameters")
        json.object { writeParameters(to: &$0) }
        json.key("schemas")
        json.object { writeSchemas(to: &$0) }
        json.member("responses", raw: responses)
      }
    }
    return json.bytes
  }

  // MARK: Paths

  private static func writePaths(to json: inout JSONWriter, _ snapshot: PublicSnapshot) {
    func path(
      _ path: String, _ id: String, _ summary: String, _ parameters: [String],
      _ contents: [(type: String, schema: String)],
      inPath: String? = nil
    ) {
      json.key(path)
      json.object { json in
        json.key("get")
        json.object { json in
          json.member("operationId", id)
          json.member("summary", summary)
          json.key("tags")
          json.array { $0.string(path.hasPrefix("/collections/cool-spots/items") ? "Data" : "Capabilities") }
          json.key("parameters")
          json.array { json in
            if let inPath { json.raw(inPath) }
            for name in parameters { json.raw(reference("parameters", name)) }
          }
          json.key("responses")
          json.object { json in
            json.key("200")
            json.object { json in
              json.member("description", summary)
              json.key("content")
              json.object { json in
                for (type, schema) in contents {
                  json.key(type)
                  json.object { json in
                    json.member("schema", raw: schema.hasPrefix("{") ? schema : reference("schemas", schema))
                  }
                }
              }
            }
            json.member("304", raw: reference("responses", "NotModified"))
            json.member("414", raw: reference("responses", "TooLong"))
            json.member("default", raw: reference("responses", "Problem"))
          }
        }
      }
    }
    let html = ("text/html", #"{"type":"string"}"#)
    let csv = ("text/csv", #"{"type":"string"}"#)
    path("/", "landing", "The landing page.", ["f"], [("application/json", "document"), html])
    path(
      "/api", "api", "This description.", ["f"],
      [("application/vnd.oai.openapi+json;version=3.0", #"{"type":"object"}"#), html])
    path(
      "/conformance", "conformance", "What the API conforms to.", ["f"], [("application/json", "conformance"), html])
    path("/collections", "collections", "The collections.", ["f"], [("application/json", "collections"), html])
    path(
      "/collections/cool-spots", "collection", "The collection of places.", ["f"],
      [("application/json", "collection"), html])
    path(
      "/collections/cool-spots/items", "items", "Places, those asked for, in pages.",
      ["f-items", "limit", "offset", "bbox", "datetime", "near", "radius", "open_at"] + PlaceFilter.all.map(\.name),
      [("application/geo+json", "featureCollection"), html, csv])
    let example = snapshot.places.first?.about.id ?? "parc"
    path(
      "/collections/cool-spots/items/{id}", "item", "One place.", ["f"], [("application/geo+json", "feature"), html],
      inPath:
        #"{"name":"id","in":"path","required":true,"description":"The place's identifier.","schema":{"type":"string","pattern":"^[a-z0-9-]+$"},"example":"\#(example)"}"#
    )
  }

  private static func reference(_ section: String, _ name: String) -> String {
    "{\"$ref\":\"#/components/\(section)/\(name)\"}"
  }

  // MARK: Parameters

  private static func writeParameters(to json: inout JSONWriter) {
    func parameter(_ key: String, _ name: String, _ description: String, _ schema: String, isList: Bool = false) {
      json.key(key)
      json.object { json in
        json.member("name", name)
        json.member("in", "query")
        json.member("description", description)
        if isList {
          json.member("style", "form")
          json.member("explode", false)
        }
        json.member("schema", raw: schema)
      }
    }
    func words(_ words: [String]) -> String {
      "{\"type\":\"string\",\"enum\":[\(words.map { "\"\($0)\"" }.joined(separator: ","))]}"
    }
    parameter("f", "f", "The form of the answer, before the header Accept.", words(["json", "html"]))
    parameter("f-items", "f", "The form of the answer, before the header Accept.", words(["json", "html", "csv"]))
    parameter(
      "limit", "limit",
      "Places of one answer; more than \(FeatureQuery.maximumLimit) is as good as that, which CSV has unless told.",
      #"{"type":"integer","minimum":1,"default":\#(FeatureQuery.defaultLimit)}"#)
    parameter(
      "offset", "offset", "How many places to leave out; the links prev and next have it.",
      #"{"type":"integer","minimum":0,"default":0}"#)
    parameter(
      "bbox", "bbox", "West, south, east, north in degrees, CRS84; heights may stand between.",
      #"{"oneOf":[{"type":"array","items":{"type":"number"},"minItems":4,"maxItems":4},{"type":"array","items":{"type":"number"},"minItems":6,"maxItems":6}]}"#,
      isList: true)
    parameter(
      "datetime", "datetime",
      "A moment, or an interval between two of which one may be `..`: places whose state lies in it, from its last change to now.",
      #"{"type":"string"}"#)
    parameter(
      "near", "near", "Longitude and latitude in degrees: the best places near it come first.",
      #"{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2}"#, isList: true)
    parameter(
      "radius", "radius", "How far from `near` at most, in metres.",
      #"{"type":"number","minimum":0,"exclusiveMinimum":true}"#)
    parameter(
      "open_at", "open_at", "What is open at a time of day such as 22:00, the next one, or at a moment in RFC 3339.",
      #"{"type":"string"}"#)
    for filter in PlaceFilter.all {
      parameter(
        filter.name, filter.name, filter.meaning,
        filter.values.isEmpty ? #"{"type":"boolean"}"# : words(filter.values))
    }
  }

  // MARK: Schemas

  private static func writeSchemas(to json: inout JSONWriter) {
    json.member(
      "link",
      raw:
        #"{"type":"object","required":["href","rel"],"properties":{"href":{"type":"string"},"rel":{"type":"string"},"type":{"type":"string"},"title":{"type":"string"}}}"#
    )
    json.member(
      "links", raw: "{\"type\":\"array\",\"items\":\(reference("schemas", "link"))}")
    let links = reference("schemas", "links")
    json.member(
      "document",
      raw:
        "{\"type\":\"object\",\"required\":[\"links\"],\"properties\":{\"title\":{\"type\":\"string\"},\"links\":\(links)}}"
    )
    json.member(
      "conformance",
      raw:
        #"{"type":"object","required":["conformsTo"],"properties":{"conformsTo":{"type":"array","items":{"type":"string"}}}}"#
    )
    json.member(
      "collection",
      raw:
        "{\"type\":\"object\",\"required\":[\"id\",\"links\"],\"properties\":{\"id\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"extent\":{\"type\":\"object\"},\"links\":\(links)}}"
    )
    json.member(
      "collections",
      raw:
        "{\"type\":\"object\",\"required\":[\"links\",\"collections\"],\"properties\":{\"links\":\(links),\"collections\":{\"type\":\"array\",\"items\":\(reference("schemas", "collection"))}}}"
    )
    json.key("feature")
    json.object { json in
      json.member("type", "object")
      json.member("required", raw: #"["type","id","geometry","properties"]"#)
      json.key("properties")
      json.object { json in
        json.member("type", raw: #"{"type":"string","enum":["Feature"]}"#)
        json.member("id", raw: #"{"type":"string"}"#)
        json.member("geometry", raw: #"{"type":"object","required":["type","coordinates"]}"#)
        json.member("links", raw: links)
        json.key("properties")
        json.object { json in
          json.member("type", "object")
          json.member("required", raw: #"["name","kind","availability","measured","open"]"#)
          json.key("properties")
          json.object { writeProperties(to: &$0) }
        }
      }
    }
    json.member(
      "featureCollection",
      raw:
        "{\"type\":\"object\",\"required\":[\"type\",\"features\",\"links\",\"timeStamp\",\"numberMatched\",\"numberReturned\"],\"properties\":{\"type\":{\"type\":\"string\",\"enum\":[\"FeatureCollection\"]},\"timeStamp\":{\"type\":\"string\",\"format\":\"date-time\"},\"numberMatched\":{\"type\":\"integer\"},\"numberReturned\":{\"type\":\"integer\"},\"links\":\(links),\"features\":{\"type\":\"array\",\"items\":\(reference("schemas", "feature"))}}}"
    )
    json.member(
      "problem",
      raw:
        #"{"type":"object","required":["title","status","detail"],"properties":{"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"}}}"#
    )
  }

  private static func writeProperties(to json: inout JSONWriter) {
    for property in PlaceProperty.all {
      json.key(property.name)
      json.object { json in
        switch property.kind {
        case .text: json.member("type", "string")
        case .time:
          json.member("type", "string")
          json.member("format", "date-time")
        case .number: json.member("type", "number")
        case .flag: json.member("type", "boolean")
        case .choice(let words):
          json.member("type", "string")
          json.key("enum")
          json.array { json in for word in words { json.string(word) } }
        }
        json.member("description", property.meaning)
      }
    }
  }

  private static let responses =
    ##"{"NotModified":{"description":"The client has it."},"TooLong":{"description":"The address is longer than 8 KiB."},"Problem":{"description":"Why the request is not answered (RFC 9457).","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/problem"}}}}}"##
}
