// OGC SensorThings 1.1, read only: the part that QGIS and the clients of FROST use. What is outside of it gets 501.

internal import HTTPServer
internal import JSONText
internal import Publication
internal import Quantities

/// How entities are asked for: the parameters that begin with a dollar.
private struct QueryOptions {
  static let pageSize = 100
  static let largestPage = 1000

  var top: Int?
  var skip = 0
  var wantsCount = false
  var order: [(path: [String], isDescending: Bool)] = []
  var filter: FilterExpression?
  var select: [String]?
  var expand: [(link: String, options: QueryOptions)] = []
  /// What all pages have in common.
  var others: [(name: String, value: String)] = []

  init(_ parameters: [(name: String, value: String)], depth: Int = 0) throws(Problem) {
    guard depth < 5 else { throw Problem(400, "Bad request", "$expand is nested too deeply") }
    for (name, value) in parameters {
      func number() throws(Problem) -> Int {
        guard let number = Int(value), number >= 0 else {
          throw Problem(400, "Bad request", "\(name) is a whole number from 0 on")
        }
        return number
      }
      switch name {
      case "$top": top = try number()
      case "$skip": skip = try number()
      case "$count":
        guard ["true", "false"].contains(value) else { throw Problem(400, "Bad request", "$count is true or false") }
        wantsCount = value == "true"
      case "$orderby": order = try value.split(separator: ",").map(Self.order)
      case "$filter": filter = try FilterExpression(value)
      case "$select": select = value.split(separator: ",").map { String($0.drop { $0 == " " }) }
      case "$expand": for part in Self.parts(value, at: ",") { expand.append(try Self.expansion(part, depth)) }
      case "$resultFormat", "$search", "$format", "$apply":
        throw Problem(501, "Not implemented", "\(name) is not known here; answers are JSON")
      default: throw Problem(400, "Bad request", "there is no parameter \"\(name)\"")
      }
      if name != "$skip" { others.append((name, value)) }
    }
  }

  private static func order(_ text: Substring) throws(Problem) -> (path: [String], isDescending: Bool) {
    let words = text.split(separator: " ")
    guard let path = words.first, words.count <= 2, words.count == 1 || ["asc", "desc"].contains(words[1]) else {
      throw Problem(400, "Bad request", "$orderby is a field, with asc or desc behind it")
    }
    return (try FilterParser.path(path), words.last == "desc")
  }

  /// `Datastreams($top=1;$expand=Observations)`, or `Datastreams/Observations`.
  private static func expansion(_ text: Substring, _ depth: Int) throws(Problem) -> (String, QueryOptions) {
    let text = text.drop { $0 == " " }
    let name = text.prefix { $0 != "(" && $0 != "/" }
    let rest = text.dropFirst(name.count)
    var parameters: [(name: String, value: String)] = []
    if rest.first == "/" {
      parameters = [("$expand", String(rest.dropFirst()))]
    } else if rest.first == "(" {
      guard rest.last == ")" else { throw Problem(400, "Bad request", "$expand: a bracket is never closed") }
      for part in parts(String(rest.dropFirst().dropLast()), at: ";") {
        let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2 else { throw Problem(400, "Bad request", "$expand: \(part.prefix(40)) has no value") }
        parameters.append((pair[0], pair[1]))
      }
    }
    return (String(name), try QueryOptions(parameters, depth: depth + 1))
  }

  /// Parts between separators that stand in no bracket and in no text.
  private static func parts(_ text: String, at separator: Character) -> [Substring] {
    var parts: [Substring] = []
    var (depth, isText) = (0, false)
    var start = text.startIndex
    for index in text.indices {
      switch text[index] {
      case "'": isText.toggle()
      case "(" where !isText: depth += 1
      case ")" where !isText: depth -= 1
      case separator where !isText && depth == 0:
        parts.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
    }
    return parts + [text[start...]]
  }
}

extension PublicSite {
  private static let prefix = "/v1.1"

  /// Answers a request below `/v1.1`; faults as SensorThings writes them.
  func thingsReply(_ request: Request, _ base: String, _ snapshot: PublicSnapshot) -> Reply {
    do throws(Problem) {
      let made = try ThingsAnswer(request, ThingsModel(snapshot: snapshot, base: base)).json
      return Resource(type: "application/json", body: made, headers: Self.featureHeaders).reply(to: request)
    } catch {
      var json = JSONWriter()
      json.object { json in
        json.member("code", error.status)
        json.member("type", "error")
        json.member("message", error.detail)
      }
      return .response(
        Response(
          status: error.status,
          headers: [
            ("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Access-Control-Allow-Origin", "*"),
          ], body: json.bytes))
    }
  }
}

/// What one request may cost: strangers write the queries.
private final class Budget {
  private var steps = 200_000
  private var bytes = 16 * 1024 * 1024

  /// Counts looks at entities, about a microsecond each.
  func spend(_ count: Int) throws(Problem) {
    steps -= min(count, 1_000_000)
    try check()
  }

  /// Counts text that was written.
  func write(_ count: Int) throws(Problem) {
    bytes -= count
    try check()
  }

  private func check() throws(Problem) {
    guard steps >= 0, bytes >= 0 else {
      throw Problem(
        400, "Bad request", "that is more than one answer holds: ask for less with $top, $filter or fewer $expand")
    }
  }
}

/// One answer.
private struct ThingsAnswer {
  private let model: ThingsModel
  private let budget = Budget()
  private let path: String
  private let query: [(name: String, value: String)]

  init(_ request: Request, _ model: ThingsModel) {
    self.model = model
    path = request.path
    query = request.query
  }

  var json: [UInt8] {
    get throws(Problem) {
      let steps = path.dropFirst("/v1.1".count).split(separator: "/").map(String.init)
      var writer = JSONWriter()
      guard let first = steps.first else {
        guard query.isEmpty else { throw Problem(400, "Bad request", "the root takes no parameter") }
        writeRoot(to: &writer)
        return writer.bytes
      }
      let isWholeCity = steps == [EntitySet.observations.rawValue]
      var found = try start(first)
      for step in steps.dropFirst() { found = try follow(found, step) }
      let options = try QueryOptions(query)
      switch found {
      case .one(let entity):
        guard options.top == nil, options.filter == nil, options.order.isEmpty else {
          throw Problem(400, "Bad request", "one entity is not filtered, ordered or counted")
        }
        try write(entity, options, to: &writer)
      case .many(let set, let entities):
        if isWholeCity {
          try writeObservations(options, to: &writer)
        } else {
          try write(set, entities, options, to: &writer)
        }
      }
      return writer.bytes
    }
  }

  private func writeRoot(to json: inout JSONWriter) {
    json.object { json in
      json.key("value")
      json.array { json in
        for set in EntitySet.allCases {
          json.object { json in
            json.member("name", set.rawValue)
            json.member("url", "\(model.base)/v1.1/\(set.rawValue)")
          }
        }
      }
      json.key("serverSettings")
      json.object { json in
        json.key("conformance")
        json.array { json in
          for name in [
            "datamodel", "request-data/order", "request-data/count", "request-data/top", "request-data/skip",
            "request-data/expand", "request-data/pagination",
          ] { json.string("http://www.opengis.net/spec/iot_sensing/1.1/req/\(name)") }
        }
      }
    }
  }

  // MARK: Paths

  /// `Things` or `Things('parc')`.
  private func start(_ step: String) throws(Problem) -> Related {
    let (name, key) = try Self.parts(step)
    guard let set = EntitySet(rawValue: name) else { throw Problem(404, "Not found", "there is no set \"\(name)\"") }
    guard let key else { return .many(set, set == .observations ? [] : model.entities(set)) }
    return .one(try entity(set, key))
  }

  private func follow(_ found: Related, _ step: String) throws(Problem) -> Related {
    if step.hasPrefix("$") { throw Problem(501, "Not implemented", "\(step) is not known here") }
    guard case .one(let entity) = found else {
      throw Problem(400, "Bad request", "a set is followed by an identifier in brackets, and not by \(step.prefix(40))")
    }
    let (name, key) = try Self.parts(step)
    guard let related = model.related(entity, name) else {
      if model.fields(entity).contains(where: { $0.name == name }) {
        throw Problem(501, "Not implemented", "single fields are not known here: ask with $select=\(name)")
      }
      throw Problem(404, "Not found", "\(entity.set.rawValue) have no \(name.prefix(40))")
    }
    guard let key else { return related }
    guard case .many(let set, let others) = related else {
      throw Problem(400, "Bad request", "\(name) is one entity, and takes no identifier")
    }
    let wanted = try self.entity(set, key)
    guard others.contains(where: { model.id($0) == model.id(wanted) }) else {
      throw Problem(404, "Not found", "there is no such entity")
    }
    return .one(wanted)
  }

  private static func parts(_ step: String) throws(Problem) -> (name: String, key: String?) {
    guard let open = step.firstIndex(of: "(") else { return (step, nil) }
    guard step.hasSuffix(")") else { throw Problem(400, "Bad request", "a bracket is never closed") }
    let key = step[step.index(after: open)...].dropLast()
    let isText = key.count >= 2 && key.hasPrefix("'") && key.hasSuffix("'")
    guard isText || !key.isEmpty && key.allSatisfy(\.isNumber) else {
      throw Problem(400, "Bad request", "an identifier is a text in apostrophes")
    }
    return (String(step[..<open]), String(isText ? key.dropFirst().dropLast() : key))
  }

  private func entity(_ set: EntitySet, _ id: String) throws(Problem) -> Entity {
    guard let entity = model.entity(set, id) else { throw Problem(404, "Not found", "there is no such entity") }
    return entity
  }

  // MARK: Collections

  private func write(_ set: EntitySet, _ entities: [Entity], _ options: QueryOptions, to json: inout JSONWriter)
    throws(Problem)
  {
    let found = try select(entities, options)
    let page = found.dropFirst(options.skip).prefix(min(options.top ?? QueryOptions.pageSize, QueryOptions.largestPage))
    let isMore = found.count > options.skip + page.count && !page.isEmpty
    let parts = try page.map { entity throws(Problem) in try written(entity, options) }
    json.object { json in
      if options.wantsCount { json.member("@iot.count", found.count) }
      if isMore {
        let next = options.others + [("$skip", "\(options.skip + page.count)")]
        json.member("@iot.nextLink", "\(model.base)\(path)?\(PublicSite.encoded(next))")
      }
      json.key("value")
      json.array { json in for part in parts { json.raw(part) } }
    }
  }

  /// The observations of the whole city: hundreds of thousands, listed page by page and no more.
  private func writeObservations(_ options: QueryOptions, to json: inout JSONWriter) throws(Problem) {
    guard options.filter == nil, options.order.isEmpty, !options.wantsCount else {
      throw Problem(
        501, "Not implemented", "ask for the observations of a datastream: those of the whole city are only listed")
    }
    let top = min(options.top ?? QueryOptions.pageSize, QueryOptions.largestPage)
    var found: [Entity] = []
    var passed = 0
    for datastream in model.entities(.datastreams) where found.count <= top {
      guard case .many(_, let observations) = model.related(datastream, "Observations") else { continue }
      try budget.spend(observations.count)
      found += observations.dropFirst(max(0, min(options.skip - passed, observations.count))).prefix(
        top + 1 - found.count)
      passed += observations.count
    }
    let parts = try found.prefix(top).map { entity throws(Problem) in try written(entity, options) }
    json.object { json in
      if found.count > top, top > 0 {
        let next = options.others + [("$skip", "\(options.skip + top)")]
        json.member("@iot.nextLink", "\(model.base)/v1.1/Observations?\(PublicSite.encoded(next))")
      }
      json.key("value")
      json.array { json in for part in parts { json.raw(part) } }
    }
  }

  private func select(_ entities: [Entity], _ options: QueryOptions) throws(Problem) -> [Entity] {
    try budget.spend(entities.count * (1 + (options.filter?.size ?? 0) + options.order.map(\.path.count).reduce(0, +)))
    var found = entities
    if let filter = options.filter { found = found.filter { filter.holds($0, in: model) } }
    guard !options.order.isEmpty else { return found }
    let keys = found.map { entity in options.order.map { FilterExpression.value(of: entity, $0.path[...], model) } }
    return found.indices.sorted { a, b in
      for (index, order) in options.order.enumerated() {
        let (first, second) = order.isDescending ? (keys[b][index], keys[a][index]) : (keys[a][index], keys[b][index])
        if Self.precedes(first, second) { return true }
        if Self.precedes(second, first) { return false }
      }
      return a < b
    }.map { found[$0] }
  }

  private static func precedes(_ a: FieldValue, _ b: FieldValue) -> Bool {
    switch (a, b) {
    case (.text(let a), .text(let b)): a < b
    case (.number(let a), .number(let b)): a < b
    case (.time(let a), .time(let b)): a < b
    case (.interval(let a, _), .interval(let b, _)): a < b
    case (.null, .null): false
    case (.null, _): true
    default: false
    }
  }

  // MARK: Entities

  private func written(_ entity: Entity, _ options: QueryOptions) throws(Problem) -> String {
    try budget.spend(1)
    var json = JSONWriter()
    try write(entity, options, to: &json)
    try budget.write(json.bytes.count)
    return json.text
  }

  private func write(_ entity: Entity, _ options: QueryOptions, to json: inout JSONWriter) throws(Problem) {
    let fields = model.fields(entity)
    let links = ThingsModel.links(of: entity.set)
    for name in options.select ?? [] where !links.contains(name) && name != "id" && name != "@iot.id" {
      guard !name.contains("/") else { throw Problem(501, "Not implemented", "$select takes whole fields here") }
      guard fields.contains(where: { $0.name == name }) else {
        throw Problem(400, "Bad request", "$select: \(entity.set.rawValue) have no \(name.prefix(40))")
      }
    }
    var expanded: [(name: String, text: String, count: Int?, next: String?)] = []
    for (link, options) in options.expand {
      guard !expanded.contains(where: { $0.name == link }) else {
        throw Problem(400, "Bad request", "$expand: \(link.prefix(40)) stands there twice")
      }
      // What all places share leads to each of them.
      if case .many(.datastreams, let all) = model.related(entity, link) { try budget.spend(all.count) }
      guard let related = model.related(entity, link) else {
        throw Problem(400, "Bad request", "$expand: \(entity.set.rawValue) have no \(link.prefix(40))")
      }
      switch related {
      case .one(let other): expanded.append((link, try written(other, options), nil, nil))
      case .many(_, let others):
        let found = try select(others, options)
        let page = found.dropFirst(options.skip).prefix(
          min(options.top ?? QueryOptions.pageSize, QueryOptions.largestPage))
        let parts = try page.map { entity throws(Problem) in try written(entity, options) }
        var next: String?
        if found.count > options.skip + page.count, !page.isEmpty {
          let parameters = options.others + [("$skip", "\(options.skip + page.count)")]
          next = "\(model.address(entity))/\(link)?\(PublicSite.encoded(parameters))"
        }
        expanded.append(
          (link, "[\(parts.joined(separator: ","))]", options.wantsCount ? found.count : nil, next))
      }
    }
    func isWanted(_ name: String) -> Bool { options.select?.contains(name) ?? true }
    json.object { json in
      if isWanted("id") || isWanted("@iot.id") { json.member("@iot.id", model.id(entity)) }
      if options.select == nil { json.member("@iot.selfLink", model.address(entity)) }
      for (name, value) in fields where isWanted(name) {
        json.key(name)
        Self.write(value, to: &json)
      }
      for link in links {
        if let part = expanded.first(where: { $0.name == link }) {
          if let count = part.count { json.member("\(link)@iot.count", count) }
          json.member(link, raw: part.text)
          json.member(ifPresent: "\(link)@iot.nextLink", part.next)
        } else if isWanted(link) {
          json.member("\(link)@iot.navigationLink", "\(model.address(entity))/\(link)")
        }
      }
    }
  }

  private static func write(_ value: FieldValue, to json: inout JSONWriter) {
    switch value {
    case .text(let text): json.string(text)
    case .number(let thousandths): json.raw(MilliCelsius(thousandths).text(places: thousandths % 1000 == 0 ? 0 : 1))
    case .flag(let isSo): json.raw(isSo ? "true" : "false")
    case .time(let time): json.string(time.rfc3339())
    case .interval(let from, let until): json.string("\(from.rfc3339())/\(until.rfc3339())")
    case .shape(_, let geoJSON): json.raw(geoJSON)
    case .object(let members):
      json.object { json in
        for (name, value) in members {
          json.key(name)
          write(value, to: &json)
        }
      }
    case .null: json.null()
    }
  }
}
