// OpenStreetMap as GeoJSON, from Overpass (`@id`), osmtogeojson (`id`) or osmium (`@type`, `@id`): a feature's properties
// are its tags.

internal import Publication
internal import Timetables

enum OSMImport {
  /// Which tag makes which kind of place.
  private static let kinds: [(key: String, value: String, kind: PlaceKind, indoor: Bool?)] = [
    ("leisure", "park", .park, false), ("leisure", "garden", .garden, false), ("amenity", "library", .library, true),
    ("tourism", "museum", .museum, true), ("amenity", "place_of_worship", .worship, true),
    ("amenity", "townhall", .townHall, true), ("amenity", "community_centre", .tiersLieu, true),
    ("amenity", "social_centre", .tiersLieu, true), ("amenity", "coworking_space", .tiersLieu, true),
    ("office", "coworking", .tiersLieu, true), ("amenity", "school", .schoolyard, false),
    ("leisure", "schoolyard", .schoolyard, false), ("shop", "mall", .mall, true),
    ("leisure", "swimming_pool", .pool, nil), ("leisure", "swimming_area", .pool, false),
    ("amenity", "public_bath", .pool, true), ("amenity", "shelter", .shade, false),
    ("amenity", "mist_spraying_cooler", .mister, false), ("man_made", "mist_spraying_cooler", .mister, false),
    ("leisure", "nature_reserve", .park, false), ("landuse", "recreation_ground", .park, false),
  ]

  static func read(_ row: ImportRow, _ drafts: ImportDrafts) {
    guard let shape = row.shape(in: nil, drafts) else { return }
    let isDrinkable = row.text("amenity") == "drinking_water" && row.text("drinking_water") != "no"
    if isDrinkable { return drafts.fountains.append(shape.shape.position) }
    if row.text("amenity") == "toilets" && row.text("access") != "private" {
      return drafts.toilets.append(shape.shape.position)
    }
    guard let kind = kinds.first(where: { row.text($0.key) == $0.value }) else {
      return drafts.doubt(.leftOut, row, "left out: none of its tags makes it a place to stay")
    }
    if let access = row.text("access"), ["private", "no", "customers", "permit"].contains(access) {
      return drafts.doubt(.leftOut, row, "left out: its access is \"\(access)\"")
    }
    guard let name = row.text("name:fr") ?? row.text("name") else {
      return drafts.doubt(.leftOut, row, "left out: it has no name")
    }
    let id = drafts.identifier("osm-", identifier(row), named: name, row)
    let hours = row.text("opening_hours")
    if let hours {
      do {
        _ = try OpeningHours(hours)
      } catch {
        drafts.doubt(.hoursUnreadable, row, "hours not understood, \(error): \"\(hours)\"")
      }
    }
    drafts.add(
      PlaceDraft(
        id: id, name: name, kind: kind.kind, shape: shape,
        address: row.address("addr:housenumber", "addr:street", "addr:city"), openingHours: hours,
        water: row.flag("drinking_water"),
        toilets: row.flag("toilets"), seats: row.flag("bench"),
        stepFree: row.text("wheelchair").flatMap(StepFree.init(rawValue:)), indoor: row.flag("indoor") ?? kind.indoor,
        capacity: row.text("capacity").flatMap { Int($0) }.flatMap { 0...1_000_000 ~= $0 ? $0 : nil },
        isFreeOfCharge: row.flag("fee").map(!),
        source: "© OpenStreetMap contributors", licence: "ODbL 1.0"), row)
  }

  /// `way/123` as the different writers give it.
  private static func identifier(_ row: ImportRow) -> String? {
    if let id = row.text("@id") ?? row.text("id") ?? row.featureID {
      if id.contains("/") { return id }
      if let type = row.text("@type") { return "\(type)/\(id)" }
      let types: [Character: String] = ["n": "node", "w": "way", "r": "relation", "a": "area"]
      if let first = id.first, let type = types[first], Int(id.dropFirst()) != nil {
        return "\(type)/\(id.dropFirst())"
      }
      return id
    }
    return nil
  }
}
