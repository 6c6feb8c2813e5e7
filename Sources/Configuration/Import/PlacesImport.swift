// Registers of cities to a file of places: what a register says is kept, what is doubtful in it is said.

internal import JSONText
internal import Publication
internal import Quantities

/// A register that can be imported.
public enum PlacesRegister: String, CaseIterable, Sendable {
  /// Paris open data: "Îlots de fraîcheur", green spaces and facilities.
  case paris
  /// Open data of Métropole de Lyon: parks, and the fountains and toilets in them.
  case lyon
  /// OpenStreetMap, as Overpass or osmium writes GeoJSON.
  case osm
}

/// What came of importing a register.
public struct ImportedPlaces: Sendable {
  /// The places as a GeoJSON FeatureCollection, a feature a line, by identifier: the same files give the same bytes.
  public var geoJSON: [UInt8]
  /// How many places.
  public var count: Int
  /// Every row that is doubtful, was mended or was left out, in the order of the files.
  public var doubts: [ImportDoubt]
}

/// Something about a row of a register that somebody should look at.
public struct ImportDoubt: Hashable, Sendable, CustomStringConvertible {
  /// What is doubtful.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case leftOut = "left_out"
    case noIdentifier = "no_identifier"
    case duplicate
    case mended
    case kindUnknown = "kind_unknown"
    case hoursUnreadable = "hours_unreadable"
    case period
    case contradiction
    case status
  }
  /// The kind.
  public let kind: Kind
  /// The file.
  public let file: String
  /// The row's own identifier, or its number.
  public let row: String
  /// A sentence.
  public let message: String

  /// File, row and sentence.
  public var description: String { "\(file): \(row): \(message)" }
}

/// Why a register cannot be imported at all.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A sentence.
  public let description: String
}

extension PlacesRegister {
  /// Imports files of the register.
  ///
  /// - Parameter files: names and contents.
  /// - Returns: the places, and what is doubtful.
  /// - Throws: ``ImportError`` if a file is not a GeoJSON FeatureCollection.
  public func places(in files: [(name: String, text: [UInt8])]) throws(ImportError) -> ImportedPlaces {
    let drafts = ImportDrafts()
    for file in files {
      let document: JSONDocument
      do {
        document = try JSONDocument(file.text, options: .forPeople)
      } catch {
        throw ImportError(description: "\(file.name):\(error.position.line):\(error.position.column): \(error.message)")
      }
      guard let features = document.root["features"], features.kind == .array else {
        throw ImportError(description: "\(file.name): a GeoJSON FeatureCollection was expected")
      }
      for (number, feature) in features.elements.enumerated() {
        let row = ImportRow(feature, file: file.name, number: number + 1)
        switch self {
        case .paris: ParisImport.read(row, drafts)
        case .lyon: LyonImport.read(row, drafts)
        case .osm: OSMImport.read(row, drafts)
        }
      }
    }
    drafts.furnish()
    return drafts.finished()
  }
}

/// A place that is being made of a row.
struct PlaceDraft {
  var id: String
  var name: String
  var kind: PlaceKind
  var shape: Shape
  var address: String?
  var commune: String?
  var openingHours: String?
  var alsoOpeningHours: String?
  var water: Bool?
  var toilets: Bool?
  var seats: Bool?
  var mist: Bool?
  var stepFree: StepFree?
  var indoor: Bool?
  var capacity: Int?
  var isFreeOfCharge: Bool?
  var source: String
  var licence: String
}

/// The places of an import, and its doubts.
final class ImportDrafts {
  private(set) var places: [PlaceDraft] = []
  private(set) var doubts: [ImportDoubt] = []
  private var ids: [String: Int] = [:]
  /// Things that make the places around them better.
  var fountains: [PublicPosition] = []
  var toilets: [PublicPosition] = []

  func doubt(_ kind: ImportDoubt.Kind, _ row: ImportRow, _ message: String) {
    doubts.append(ImportDoubt(kind: kind, file: row.file, row: row.label, message: message))
  }

  /// A place's identifier by its register's, or by its name, which is said.
  func identifier(_ prefix: String, _ register: String?, named name: String, _ row: ImportRow) -> String {
    if register == nil {
      doubt(.noIdentifier, row, "\"\(name)\" has no identifier; its name stands in, and changes with it")
    }
    return prefix + (register ?? name).slug
  }

  /// Takes a place; of two with one identifier the second gets a number behind it.
  func add(_ draft: PlaceDraft, _ row: ImportRow) {
    var draft = draft
    let register = draft.id
    while ids[draft.id] != nil {
      ids[register, default: 1] += 1
      draft.id = "\(register)-\(ids[register] ?? 0)"
    }
    ids[draft.id] = 1
    if draft.id != register {
      let first = places.first { $0.id == register }?.name ?? ""
      doubt(.duplicate, row, "\"\(first)\" has the same identifier; this one becomes \"\(draft.id)\"")
    }
    places.append(draft)
  }

  /// Metres up to which a fountain or a toilet is one of a place's.
  private static let reach = 50.0

  /// Gives places the fountains and toilets in them and beside them.
  func furnish() {
    let boxes = places.map(\.shape.shape.bounds)
    for (positions, member) in [(fountains, \PlaceDraft.water), (toilets, \PlaceDraft.toilets)] {
      for index in places.indices where places[index][keyPath: member] != true {
        let shape = places[index].shape.shape
        if positions.contains(where: { shape.isNear($0, metres: Self.reach, boxes[index]) }) {
          places[index][keyPath: member] = true
        }
      }
    }
  }

  /// The places by identifier, whatever the order of the files.
  func finished() -> ImportedPlaces {
    let lines = places.sorted { $0.id < $1.id }.map(\.json).joined(separator: Array(",\n".utf8))
    let geoJSON = Array("{\"type\":\"FeatureCollection\",\"features\":[\n".utf8) + lines + Array("\n]}\n".utf8)
    return ImportedPlaces(geoJSON: geoJSON, count: places.count, doubts: doubts)
  }
}

extension GeoShape {
  /// Whether a point is in it or so near; a box tells most that are not.
  fileprivate func isNear(
    _ point: PublicPosition, metres: Double, _ bounds: (low: PublicPosition, high: PublicPosition)
  ) -> Bool {
    let margin = Int64(metres / 50_000 * 1e7)  // a degree of longitude is longer than 50 km up to 63° north
    let (low, high) = bounds
    guard (low.longitudeE7 - margin...high.longitudeE7 + margin).contains(point.longitudeE7),
      (low.latitudeE7 - margin...high.latitudeE7 + margin).contains(point.latitudeE7)
    else { return false }
    return distance(to: point) <= metres
  }
}

extension PlaceDraft {
  /// The place as a feature.
  fileprivate var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "Feature")
      json.member("geometry", raw: shape.geoJSON(maximumBytes: 16_384))
      json.key("properties")
      json.object { json in
        json.member("id", id)
        json.member("name", name)
        json.member("kind", kind.rawValue)
        json.member(ifPresent: "address", address)
        json.member(ifPresent: "commune", commune)
        json.member(ifPresent: "opening_hours", openingHours)
        json.member(ifPresent: "opening_hours_also", alsoOpeningHours)
        let flags: [(String, Bool?)] = [
          ("water", water), ("toilets", toilets), ("seats", seats), ("mist", mist),
          ("indoor", indoor), ("free_of_charge", isFreeOfCharge),
        ]
        for (key, flag) in flags { if let flag { json.member(key, flag) } }
        json.member(ifPresent: "step_free", stepFree?.rawValue)
        if let capacity { json.member("capacity", capacity) }
        json.member("source", source)
        json.member("licence", licence)
      }
    }
    return json.bytes
  }
}

/// A feature of a register.
struct ImportRow {
  let file: String
  let label: String
  let properties: JSONValue
  private let feature: JSONValue

  init(_ feature: JSONValue, file: String, number: Int) {
    self.feature = feature
    self.file = file
    properties = feature["properties"] ?? feature
    let id = ["identifiant", "nsq_espace_vert", "gid", "@id", "id"].lazy.compactMap { [properties] in
      properties[$0].flatMap(Self.text)
    }.first
    label = id ?? feature["id"].flatMap(Self.text) ?? "feature \(number)"
  }

  private static func text(_ value: JSONValue) -> String? {
    let text = value.string ?? value.numberText.map { String(decoding: $0, as: UTF8.self) }
    let trimmed = text.map { $0.drop { $0.isWhitespace } }.map {
      String($0.reversed().drop { $0.isWhitespace }.reversed())
    }
    return trimmed.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A property's text without blanks around it; nil if there is none.
  func text(_ key: String) -> String? { properties[key].flatMap(Self.text) }

  /// An address of the properties that hold its number, its street and its town; nil if all are empty.
  func address(_ number: String, _ street: String, _ town: String) -> String? {
    let way = [text(number), text(street)].compactMap { $0 }.joined(separator: " ")
    let address = [way, text(town) ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
    return address.isEmpty ? nil : address
  }

  /// The feature's own identifier.
  var featureID: String? { feature["id"].flatMap(Self.text) }

  /// Yes or no as French registers write it.
  func flag(_ key: String) -> Bool? {
    switch text(key)?.lowercased() {
    case "oui", "yes", "true", "1": true
    case "non", "no", "false", "0": false
    default: nil
    }
  }

  /// The geometry, in a box in which the register's places lie; coordinates in the wrong order are put right.
  func shape(in box: (longitude: ClosedRange<Double>, latitude: ClosedRange<Double>)?, _ drafts: ImportDrafts) -> Shape?
  {
    guard let geometry = feature["geometry"], !geometry.isNull else {
      drafts.doubt(.leftOut, self, "left out: it has no geometry")
      return nil
    }
    let shape: Shape
    do {
      shape = try Shape(geometry)
    } catch {
      drafts.doubt(.leftOut, self, "left out: \(error)")
      return nil
    }
    guard let box else { return shape }
    func isInside(_ point: PublicPosition) -> Bool {
      box.longitude.contains(point.longitude) && box.latitude.contains(point.latitude)
    }
    if isInside(shape.shape.position) { return shape }
    let swapped = shape.swapped
    guard isInside(swapped.shape.position) else {
      drafts.doubt(.leftOut, self, "left out: it lies far away")
      return nil
    }
    drafts.doubt(.mended, self, "latitude stood before longitude; put right")
    return swapped
  }
}

extension String {
  /// Letters, digits and hyphens that can be an identifier.
  var slug: String {
    var slug = ""
    for letter in lowercased() {
      let plain: String =
        switch letter {
        case "a"..."z", "0"..."9": String(letter)
        case "à", "â", "ä": "a"
        case "é", "è", "ê", "ë": "e"
        case "î", "ï": "i"
        case "ô", "ö": "o"
        case "ù", "û", "ü": "u"
        case "ç": "c"
        case "œ": "oe"
        case "æ": "ae"
        default: "-"
        }
      if plain != "-" || !(slug.isEmpty || slug.hasSuffix("-")) { slug += plain }
    }
    while slug.hasSuffix("-") { slug.removeLast() }
    return String(slug.prefix(64))
  }
}
