// The language of $filter, as far as QGIS and the clients of FROST use it: comparisons, logic, a few functions.

internal import Publication
internal import Quantities

/// A condition on entities.
indirect enum FilterExpression {
  case literal(FieldValue)
  case path([String])
  case compare(String, FilterExpression, FilterExpression)
  case and(FilterExpression, FilterExpression)
  case or(FilterExpression, FilterExpression)
  case not(FilterExpression)
  case call(String, [FilterExpression])
  case within(GeoBox, FilterExpression)

  /// Reads a condition.
  ///
  /// - Throws: ``Problem`` 400 for what is wrong, 501 for what is right and not known here.
  init(_ text: String) throws(Problem) {
    // A plus sign in a query means a space, and few people write %2B before an offset.
    let text = text.replacing(/(T\d\d:\d\d:\d\d(?:\.\d+)?) (\d\d:\d\d)/) { "\($0.1)+\($0.2)" }
    var parser = FilterParser(text)
    self = try parser.whole()
  }

  // MARK: Evaluation

  /// Whether an entity fulfils it; what is not known fulfils nothing, nor does its contrary.
  func holds(_ entity: Entity, in model: ThingsModel) -> Bool { truth(entity, model) ?? false }

  /// Names of a path at most: each may look up other entities, and none needs more.
  static let longestPath = 6

  /// How many comparisons it takes at most.
  var size: Int {
    switch self {
    case .literal: 1
    case .path(let names): names.count
    case .compare(_, let a, let b), .and(let a, let b), .or(let a, let b): a.size + b.size
    case .not(let a), .within(_, let a): a.size
    case .call(_, let arguments): arguments.map(\.size).reduce(1, +)
    }
  }

  /// True, false, or nil where it is not known (Kleene's logic).
  private func truth(_ entity: Entity, _ model: ThingsModel) -> Bool? {
    switch self {
    case .and(let a, let b):
      let (a, b) = (a.truth(entity, model), b.truth(entity, model))
      return a == false || b == false ? false : a == nil || b == nil ? nil : true
    case .or(let a, let b):
      let (a, b) = (a.truth(entity, model), b.truth(entity, model))
      return a == true || b == true ? true : a == nil || b == nil ? nil : false
    case .not(let a): return a.truth(entity, model).map { !$0 }
    case .compare(let name, let a, let b): return Self.compares(name, a.value(entity, model), b.value(entity, model))
    case .call(let name, let arguments): return Self.holds(name, arguments.map { $0.value(entity, model) })
    case .within(let box, let what):
      guard case .shape(let shape, _) = what.value(entity, model) else { return nil }
      return box.intersects(shape)
    case .path, .literal:
      guard case .flag(let isSo) = value(entity, model) else { return nil }
      return isSo
    }
  }

  private func value(_ entity: Entity, _ model: ThingsModel) -> FieldValue {
    switch self {
    case .literal(let value): value
    case .path(let names): Self.value(of: entity, names[...], model)
    default: truth(entity, model).map { .flag($0) } ?? .null
    }
  }

  /// A field, perhaps of an entity behind a link; of many the first, but for what all places share.
  static func value(of entity: Entity, _ names: ArraySlice<String>, _ model: ThingsModel) -> FieldValue {
    guard let name = names.first else { return .null }
    if name == "id" || name == "@iot.id" { return .text(model.id(entity)) }
    switch (entity, name) {
    case (.sensor, "Datastreams"), (.observedProperty, "Datastreams"): return .null
    default: break
    }
    if ThingsModel.links(of: entity.set).contains(name), let related = model.related(entity, name) {
      switch related {
      case .one(let other): return value(of: other, names.dropFirst(), model)
      case .many(_, let others): return others.first.map { value(of: $0, names.dropFirst(), model) } ?? .null
      }
    }
    guard var value = model.fields(entity, only: name).first(where: { $0.name == name })?.value else { return .null }
    for name in names.dropFirst() {
      guard case .object(let members) = value, let member = members.first(where: { $0.name == name }) else {
        return .null
      }
      value = member.value
    }
    return value
  }

  private static func compares(_ name: String, _ a: FieldValue, _ b: FieldValue) -> Bool? {
    func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
      switch name {
      case "eq": a == b
      case "ne": a != b
      case "gt": a > b
      case "ge": a >= b
      case "lt": a < b
      default: a <= b
      }
    }
    switch (a, b) {
    case (.text(let a), .text(let b)): return holds(a, b)
    case (.number(let a), .number(let b)): return holds(a, b)
    case (.time(let a), .time(let b)): return holds(a, b)
    // An interval is after a moment by its end, and before it by its beginning.
    case (.interval(let from, let until), .time(let b)): return holds(name.hasPrefix("g") ? until : from, b)
    case (.time(let a), .interval(let from, let until)): return holds(a, name.hasPrefix("l") ? until : from)
    case (.flag(let a), .flag(let b)): return name == "eq" ? a == b : name == "ne" ? a != b : nil
    default: return nil
    }
  }

  private static func holds(_ name: String, _ arguments: [FieldValue]) -> Bool? {
    guard arguments.count == 2, case .text(let a) = arguments[0], case .text(let b) = arguments[1] else { return nil }
    switch name {
    case "substringof": return a.isEmpty || b.firstRange(of: a) != nil
    case "startswith": return a.hasPrefix(b)
    default: return a.hasSuffix(b)
    }
  }
}

/// Reads conditions; nested no deeper than anybody writes them.
struct FilterParser {
  private enum Token: Equatable {
    case word(String)
    case text(String)
    case symbol(Character)
    case end
  }

  private var tokens: [Token] = []
  private var next = 0
  private var depth = 0
  private var fault: Problem?

  init(_ text: String) {
    var rest = text[...]
    while let first = rest.first {
      if first == " " {
        rest.removeFirst()
      } else if "(),".contains(first) {
        tokens.append(.symbol(first))
        rest.removeFirst()
      } else if first == "'" {
        guard let (literal, after) = Self.literal(rest) else {
          fault = Problem(400, "Bad request", "a text in $filter is never closed")
          break
        }
        tokens.append(.text(literal))
        rest = after
      } else {
        let word = rest.prefix { $0 != " " && $0 != "'" && !"(),".contains($0) }
        tokens.append(.word(String(word)))
        rest = rest.dropFirst(word.count)
      }
    }
  }

  /// A text between apostrophes, of which two stand for one.
  private static func literal(_ text: Substring) -> (String, Substring)? {
    var rest = text.dropFirst()
    var literal = ""
    while let end = rest.firstIndex(of: "'") {
      literal += rest[..<end]
      rest = rest[rest.index(after: end)...]
      guard rest.first == "'" else { return (literal, rest) }
      literal += "'"
      rest = rest.dropFirst()
    }
    return nil
  }

  private var token: Token { next < tokens.count ? tokens[next] : .end }

  private func bad(_ sentence: String) -> Problem { Problem(400, "Bad request", "$filter: \(sentence)") }

  mutating func whole() throws(Problem) -> FilterExpression {
    if let fault { throw fault }
    let expression = try or()
    guard token == .end else { throw bad("something stands behind its end") }
    return expression
  }

  private mutating func take(_ word: String) -> Bool {
    guard token == .word(word) else { return false }
    next += 1
    return true
  }

  private mutating func expect(_ symbol: Character) throws(Problem) {
    guard token == .symbol(symbol) else { throw bad("a \"\(symbol)\" was expected") }
    next += 1
  }

  private mutating func or() throws(Problem) -> FilterExpression {
    var left = try and()
    while take("or") { left = .or(left, try and()) }
    return left
  }

  private mutating func and() throws(Problem) -> FilterExpression {
    var left = try not()
    while take("and") { left = .and(left, try not()) }
    return left
  }

  private mutating func not() throws(Problem) -> FilterExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < 32 else { throw bad("it is nested too deeply") }
    if take("not") { return .not(try not()) }
    let left = try operand()
    for name in ["eq", "ne", "gt", "ge", "lt", "le"] where take(name) { return .compare(name, left, try operand()) }
    if case .word(let word) = token, ["add", "sub", "mul", "div", "mod"].contains(word) {
      throw Problem(501, "Not implemented", "$filter: arithmetic is not known here")
    }
    return left
  }

  private mutating func operand() throws(Problem) -> FilterExpression {
    switch token {
    case .symbol("("):
      next += 1
      let inner = try or()
      try expect(")")
      return inner
    case .text(let text):
      next += 1
      return .literal(.text(text))
    case .word(let word):
      next += 1
      if word == "geography", case .text(let shape) = token {
        next += 1
        return .literal(.text(shape))
      }
      if token == .symbol("(") { return try call(word) }
      return try Self.value(word)
    case .symbol, .end: throw bad("a value was expected")
    }
  }

  private static func value(_ word: String) throws(Problem) -> FilterExpression {
    if word == "true" || word == "false" { return .literal(.flag(word == "true")) }
    if let number = ExactDecimal(word)?.thousandths { return .literal(.number(number)) }
    if let time = Instant(rfc3339: word) { return .literal(.time(time)) }
    guard let first = word.unicodeScalars.first, first.properties.isAlphabetic || first == "@" else {
      throw Problem(400, "Bad request", "$filter: \"\(word.prefix(40))\" is neither a value nor a name")
    }
    return .path(try path(word[...]))
  }

  /// The names of a path such as `Datastreams/Observations/result`.
  static func path(_ word: Substring) throws(Problem) -> [String] {
    let names = word.split(separator: "/").map(String.init)
    guard names.count <= FilterExpression.longestPath else {
      throw Problem(400, "Bad request", "a path has at most \(FilterExpression.longestPath) names")
    }
    return names
  }

  private mutating func call(_ name: String) throws(Problem) -> FilterExpression {
    try expect("(")
    var arguments = [try or()]
    while token == .symbol(",") {
      next += 1
      arguments.append(try or())
    }
    try expect(")")
    switch name {
    case "substringof", "startswith", "endswith":
      guard arguments.count == 2 else { throw bad("\(name) takes two values") }
      return .call(name, arguments)
    case "geo.intersects", "st_intersects":
      guard arguments.count == 2, case .literal(.text(let shape)) = arguments[1] else {
        throw bad("\(name) takes a field and geography'POLYGON((…))'")
      }
      return .within(try Self.box(shape), arguments[0])
    default: throw Problem(501, "Not implemented", "$filter: the function \(name.prefix(40)) is not known here")
    }
  }

  /// The box of a rectangle along the meridians, which is what maps ask for.
  private static func box(_ text: String) throws(Problem) -> GeoBox {
    let inner = text.split(separator: "(").last?.prefix { $0 != ")" } ?? ""
    let points = inner.split(separator: ",").map { $0.split(separator: " ").compactMap { Double($0) } }
    guard text.uppercased().hasPrefix("POLYGON"), points.count == 5, points.allSatisfy({ $0.count >= 2 }),
      points.joined().allSatisfy(\.isFinite)
    else { throw Problem(501, "Not implemented", "$filter: of shapes only a POLYGON of four corners is known here") }
    let (xs, ys) = (Set(points.map { $0[0] }), Set(points.map { $0[1] }))
    guard xs.count == 2, ys.count == 2, let west = xs.min(), let east = xs.max(), let south = ys.min(),
      let north = ys.max()
    else {
      throw Problem(501, "Not implemented", "$filter: of polygons only rectangles along the meridians are known here")
    }
    return GeoBox(west: west, south: south, east: east, north: north)
  }
}
