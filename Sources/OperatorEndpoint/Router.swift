// Every path of the operators' port, in one list: who may call it and what answers. Tests walk the same list.

internal import CoolIslands
internal import HTTPServer
internal import JSONText
internal import Pages

/// A request that is known to come from somebody.
struct Call {
  var request: Request
  var caller: Caller
  var facts: OperatorsFacts
  /// What stands in the place of `{id}`.
  var id = ""
  /// The fields of a form.
  var form: [String: String] = [:]

  /// The language of the answer.
  var language: Language {
    Language(rawValue: request.query.first { $0.name == "lang" }?.value ?? "")
      ?? Language(accepting: request.header("Accept-Language"))
  }

  var words: Words { Words(language, zone: facts.view.zone, now: facts.view.at) }
}

/// A path and what answers there.
struct Route: Sendable {
  typealias Handler = @Sendable (OperatorSite, Call) -> Reply

  var method: String
  /// The path; `{id}` stands for one segment.
  var path: String
  var role: Role
  var answer: Handler

  static func get(_ path: String, _ answer: @escaping Handler) -> Route {
    Route(method: "GET", path: path, role: .read, answer: answer)
  }

  static func act(_ path: String, _ answer: @escaping Handler) -> Route {
    Route(method: "POST", path: path, role: .act, answer: answer)
  }

  /// What stands for `{id}` if a path is this one's; empty where nothing does, nil where it is another.
  func match(_ path: String) -> String? {
    let own = self.path.split(separator: "/", omittingEmptySubsequences: false)
    let offered = path.split(separator: "/", omittingEmptySubsequences: false)
    guard own.count == offered.count else { return nil }
    var id = ""
    for (own, offered) in zip(own, offered) where own != offered {
      guard own == "{id}", !offered.isEmpty else { return nil }
      id = String(offered)
    }
    return id
  }
}

/// What a request leads to.
enum Found {
  case route(Route, id: String)
  case otherMethod(allowed: [String])
  case nothing
}

enum Router {
  static func find(_ method: String, _ path: String) -> Found {
    let method = method == "HEAD" ? "GET" : method
    var allowed: [String] = []
    for route in routes {
      guard let id = route.match(path) else { continue }
      if route.method == method { return .route(route, id: id) }
      allowed.append(route.method)
    }
    return allowed.isEmpty ? .nothing : .otherMethod(allowed: allowed)
  }

  static let routes: [Route] =
    [
      .get("/") { $0.page($1, Board(call: $1, contacts: $0.options.contacts).body) },
      .get("/heat") { $0.page($1, HeatPage(call: $1).body) },
      .get("/places/{id}") { $0.place($1) },
      .get("/sensors") { $0.page($1, SensorsPage(call: $1).body) },
      .get("/unknown") { $0.page($1, UnknownPage(call: $1).body) },
      .get("/audit") { $0.audit($1) },
      .get("/logout") { $0.logout($1) },
      .get("/style.css") { site, _ in site.style },
      .act("/heat") { $0.setHeat($1) },
      .act("/places/{id}/opening") { $0.setOpening($1) },
      .act("/sensors/{id}/maintenance") { $0.setMaintenance($1) },
      .get("/metrics") { $0.metrics($1) },
      .get("/api/routes") { $0.document("application/json", list, for: $1) },
      .get("/api/export") { $0.options.export($1.request) },
      .get("/api/ledger") { $0.document("application/json", StatusDocuments.ledger($1.facts.ledger), for: $1) },
      .get("/api/unknown") { $0.document("application/json", StatusDocuments.unknown($1.facts), for: $1) },
      .get("/api/status") { $0.document("application/json", StatusDocuments.status($1.facts), for: $1) },
      .get("/api/readiness") { $0.document("application/json", ReadinessDocument(facts: $1.facts).json, for: $1) },
      .get("/api/history") { $0.history($1) },
      .get("/api/transitions") { $0.history($1) },
      .get("/api/audit") { $0.auditDocument($1) },
      .get("/api/alerts") { $0.later(.alerts, $1) },
      .get("/api/long-history") { $0.later(.longHistory, $1) },
      .get("/api/heat") { $0.document("application/json", CityDocuments(view: $1.facts.view).heat, for: $1) },
      .get("/api/sensors") { $0.document("application/json", CityDocuments(view: $1.facts.view).sensors, for: $1) },
      .get("/api/room") { $0.document("application/json", CityDocuments(view: $1.facts.view).room, for: $1) },
      .get("/api/coverage") { $0.coverage($1) },
      .get("/api/state") { $0.state($1) },
    ]

  /// All of them as JSON.
  static var list: [UInt8] {
    var json = JSONWriter()
    json.array { json in
      for route in routes {
        json.object { json in
          json.member("method", route.method)
          json.member("path", route.path)
          json.member("role", route.role.rawValue)
        }
      }
    }
    return json.bytes
  }
}
