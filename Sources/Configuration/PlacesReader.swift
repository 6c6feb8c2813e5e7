// A GeoJSON file of places, as a city's GIS staff edit it, to values.

internal import CoolIslands
internal import JSONText
internal import Publication
internal import Quantities
internal import Timetables

/// A place as written, its zones still names.
struct PlaceContent {
  var place: Place
  var zone: String?
  var schoolZone: String?
  var reference: String?
  var value: JSONValue
}

struct PlacesReader {
  let file: String
  /// The calendars that places name, by their names in the settings' folder, and the zone of their times.
  let calendars: [String: [UInt8]]
  let zone: CivilZone
  let report: Report

  /// Properties that are understood; a GIS program may add others.
  private static let properties = [
    "id", "name", "kind", "address", "commune", "departement", "zone", "reference", "opening_hours", "heat_hours",
    "refuge_from_level", "school_zone", "capacity", "staff", "step_free", "water", "toilets", "seats", "mist",
    "bathing", "school_hours", "empty_at", "programme", "example", "shade", "free_of_charge", "indoor", "entrances",
    "source", "source_date", "licence", "always_open",
    "opening_hours_also",
  ]
  func read(_ text: [UInt8]) -> [PlaceContent] {
    let document: JSONDocument
    do {
      document = try JSONDocument(text, options: .forPeople)
    } catch {
      report.add(.error, file, error.position, "", error.message)
      return []
    }
    guard document.root["type"]?.isString("FeatureCollection") ?? false, let features = document.root["features"],
      features.kind == .array
    else {
      report.add(.error, file, document.root.position, "", "a GeoJSON FeatureCollection was expected")
      return []
    }
    var places: [PlaceContent] = []
    var seen: Set<String> = []
    for (index, feature) in features.elements.enumerated() {
      guard let content = place(feature, index: index) else { continue }
      if !seen.insert(content.place.about.id).inserted {
        report.add(
          .error, file, feature.position, "features[\(index)].properties.id",
          "the id \"\(content.place.about.id)\" stands twice")
        continue
      }
      places.append(content)
    }
    return places
  }

  private func place(_ feature: JSONValue, index: Int) -> PlaceContent? {
    guard let properties = feature["properties"], properties.kind == .object else {
      report.add(
        .error, file, feature.position, "features[\(index)]",
        "\"properties\" with at least id, name and kind was expected")
      return nil
    }
    let label = properties["id"]?.string ?? feature["id"]?.string ?? String(index)
    let reader = ObjectReader(properties, file: file, path: "places[\(label)]", report: report)
    let id = reader.identifier("id")
    let name = reader.string("name", required: true)
    let kind = reader.choice("kind", PlaceKind.self, required: true)
    unknownProperties(reader)
    guard let geometry = feature["geometry"], !geometry.isNull else {
      reader.error(at: feature, "geometry", "a Point, a Polygon or a MultiPolygon was expected")
      return nil
    }
    let shape: Shape
    do {
      shape = try Shape(geometry)
    } catch {
      reader.error(at: geometry, "geometry", error.description)
      return nil
    }
    let schoolHours = hours(reader, "school_hours")
    let timetable = self.timetable(reader)
    let capacity = reader.integer("capacity", in: 0...1_000_000)
    let staff = reader.integer("staff", in: 0...100_000) ?? 0
    guard let id, let name, let kind else { return nil }
    let about = PublicAbout(
      id: id, name: name, kind: kind, address: reader.string("address"),
      shape: located(shape, reader), geometry: shape.geoJSON(maximumBytes: 16_384),
      openingHours: reader.string("opening_hours"), intervals: [],
      water: reader.bool("water"), toilets: reader.bool("toilets"), seats: reader.bool("seats"),
      stepFree: reader.choice("step_free", StepFree.self), indoor: reader.bool("indoor"),
      isExample: reader.bool("example") ?? false, source: reader.string("source"), licence: reader.string("licence"))
    var place = Place(
      about: about, opening: timetable, schoolHours: schoolHours, capacity: capacity, staff: staff, zone: nil)
    place.heatHours = heatHours(reader)
    place.programme = programme(reader)
    place.emptyAt = time(reader, "empty_at")
    if let level = reader.integer("refuge_from_level", in: 2...4) { makeRefuge(&place, from: level, reader) }
    place.heatHours.sort { $0.minLevel < $1.minLevel }
    return PlaceContent(
      place: place, zone: reader.string("zone"), schoolZone: reader.string("school_zone"),
      reference: reader.string("reference"), value: properties)
  }

  /// A shape with the ways in that a place names, each a position.
  private func located(_ shape: Shape, _ reader: ObjectReader) -> GeoShape {
    var located = shape.shape
    for (path, value) in reader.list("entrances") {
      do {
        located.entrances.append(try Shape.point(value))
      } catch {
        report.add(.error, file, value.position, path, error.description)
      }
    }
    return located
  }

  /// The names of the calendars that a file of places names.
  static func calendarNames(in text: [UInt8]) -> [String] {
    let features = (try? JSONDocument(text, options: .forPeople))?.root["features"]
    let names = features?.elements.compactMap { $0["properties"]?["programme"]?.string }
    return Set(names ?? []).sorted()
  }

  private func programme(_ reader: ObjectReader) -> Programme? {
    guard let name = reader.string("programme"), let value = reader.value["programme"] else { return nil }
    guard let text = calendars[name] else {
      reader.error(at: value, "programme", "the calendar \"\(name)\" cannot be read")
      return nil
    }
    do {
      let programme = try Programme(iCalendar: text, zone: zone)
      for warning in programme.warnings { report.add(.warning, name, nil, reader.path, warning.description) }
      return programme
    } catch {
      reader.error(at: value, "programme", "\(name), \(error)")
      return nil
    }
  }

  /// A time of day such as `05:00`, in seconds.
  private func time(_ reader: ObjectReader, _ key: String) -> Int? {
    guard let text = reader.string(key), let value = reader.value[key] else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard text.utf8.count == 5, parts.count == 2, parts[0] < 24, parts[1] < 60 else {
      reader.error(at: value, key, "a time of day such as \"05:00\" was expected")
      return nil
    }
    return Int(parts[0]) * 3600 + Int(parts[1]) * 60
  }

  private func heatHours(_ reader: ObjectReader) -> [HeatHours] {
    reader.objects("heat_hours").compactMap { rule in
      let level = rule.integer("min_level", in: 1...4, required: true)
      _ = rule.string("opening_hours", required: true)
      let hours = self.hours(rule, "opening_hours")
      let mode = rule.choice("mode", HeatHours.Mode.self) ?? .add
      let onDrop = rule.choice("on_drop", HeatHours.Drop.self) ?? .finish
      rule.finish()
      guard let level, let hours else { return nil }
      return HeatHours(minLevel: level, hours: hours, mode: mode, onDrop: onDrop)
    }
  }

  /// A refuge has its hours from a level on; below it is closed.
  private func makeRefuge(_ place: inout Place, from level: Int, _ reader: ObjectReader) {
    if case .hours(let hours) = place.opening, let never = try? OpeningHours("off") {
      place.opening = .hours(never)
      place.heatHours.append(HeatHours(minLevel: level, hours: hours))
    } else if let value = reader.value["refuge_from_level"] {
      reader.warning(at: value, "refuge_from_level", "a refuge needs opening_hours that can be read")
    }
  }

  private func unknownProperties(_ reader: ObjectReader) {
    for member in reader.value.members {
      guard !Self.properties.contains(member.key) else { continue }
      let hint = Spelling.nearest(to: member.key, among: Self.properties).map { "; did you mean \"\($0)\"?" } ?? ""
      report.add(
        .warning, file, member.position, reader.child(member.key), "not a property of places; it is ignored\(hint)")
    }
  }

  private func timetable(_ reader: ObjectReader) -> Place.Timetable {
    guard let text = reader.string("opening_hours"), !text.isEmpty, let value = reader.value["opening_hours"] else {
      return .none
    }
    do {
      let hours = try understood(text, reader, at: value, "opening_hours")
      if let flag = reader.bool("always_open"), flag != hours.isAlwaysOpen {
        let texts = "always_open is \(flag), and opening_hours are \"\(text)\""
        reader.warning(at: value, "opening_hours", "\(texts): the place is shown as \"not known\"")
        return .contradicted(texts)
      }
      if let also = reader.string("opening_hours_also"), let other = reader.value["opening_hours_also"],
        !hours.agrees(with: try understood(also, reader, at: other, "opening_hours_also"))
      {
        let texts = "opening_hours are \"\(text)\", and opening_hours_also \"\(also)\""
        reader.warning(at: other, "opening_hours_also", "\(texts): the place is shown as \"not known\"")
        return .contradicted(texts)
      }
      return .hours(hours)
    } catch {
      reader.warning(at: value, "opening_hours", "\(error); the place is shown as \"not known\": \"\(text)\"")
      return .unreadable(error)
    }
  }

  /// Hours that protect people must be readable: here a fault is an error.
  private func hours(_ reader: ObjectReader, _ key: String) -> OpeningHours? {
    guard let text = reader.string(key), let value = reader.value[key] else { return nil }
    do {
      return try understood(text, reader, at: value, key)
    } catch {
      reader.error(at: value, key, "\(error): \"\(text)\"")
      return nil
    }
  }

  /// Reads hours, and says what is read otherwise than it is written.
  private func understood(
    _ text: String, _ reader: ObjectReader, at value: JSONValue, _ key: String
  ) throws(OpeningHoursProblem) -> OpeningHours {
    let hours = try OpeningHours(text)
    for warning in hours.warnings { reader.warning(at: value, key, "\(warning): \"\(text)\"") }
    return hours
  }
}
