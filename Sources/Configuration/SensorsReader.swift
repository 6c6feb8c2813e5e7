// Sensors as written in settings: whose they are, how they are known, where their fields stand.

internal import JSONText
internal import Quantities
internal import SensorProtocol

struct SensorsReader {
  /// By name, for sensors of one kind.
  private var mappings: [String: FieldMapping] = [:]
  private let report: Report

  /// Reads the mappings that sensors can name.
  init(_ root: ObjectReader, report: Report) {
    self.report = report
    guard let named = root.object("mappings") else { return }
    for member in named.value.members {
      let reader = ObjectReader(member.value, file: root.file, path: named.child(member.key), report: report)
      mappings[member.key] = mapping(reader)
    }
  }

  func read(_ sensors: [ObjectReader]) -> [SensorContent] { sensors.compactMap(sensor) }

  /// Reads a list as whoever looks after the fleet keeps it: a table whose columns are named as a sensor's keys in the
  /// settings, `fields` with spaces between them.
  func read(table text: [UInt8], file: String) -> [SensorContent] {
    let table: CommaSeparated
    do {
      table = try CommaSeparated(text)
    } catch {
      report.add(.error, file, error.position, "", error.message)
      return []
    }
    return table.rows.compactMap { row in
      var json = JSONWriter()
      json.object { json in
        for (column, value) in zip(table.header, row.values) where !value.isEmpty {
          if column == "fields" {
            json.key(column)
            json.array { json in for name in value.split(separator: " ") { json.string(String(name)) } }
          } else if let number = Int64(value), Self.numbers.contains(column) {
            json.member(column, number)
          } else if column == "decimal_comma", ["true", "false"].contains(value) {
            json.member(column, value == "true")
          } else {
            json.member(column, value)
          }
        }
      }
      guard let document = try? JSONDocument(json.bytes) else { return nil }  // the names of columns are checked
      return sensor(
        ObjectReader(
          document.root, file: file, path: "sensors[\(document.root["id"]?.string ?? "")]", report: report,
          origin: TextPosition(line: row.line, column: 1)))
    }
  }

  private static let numbers: Set = ["period_s", "stale_after_s", "counter_bits"]

  private func sensor(_ reader: ObjectReader) -> SensorContent? {
    let id = reader.identifier("id")
    let place = reader.string("place")
    let station = reader.string("station")
    let decoder = reader.choice("decoder", Decoder.self) ?? .senml
    let topic = topic(reader, decoder)
    let device = device(reader, decoder)
    var mapping = fields(reader, decoder)
    mapping.hasDecimalComma = reader.bool("decimal_comma") ?? false
    if mapping.hasDecimalComma && decoder != .plain {
      reader.error(at: reader.value, "decimal_comma", "only the decoder plain reads bare numbers")
    }
    let period = reader.integer("period_s", in: 1...86_400) ?? 600
    let stale = reader.integer("stale_after_s", in: 60...604_800) ?? max(1800, 3 * period)
    let bits = reader.integer("counter_bits", in: 16...32) ?? 32
    if bits != 16 && bits != 32 {
      reader.error(at: reader.value["counter_bits"] ?? reader.value, "counter_bits", "16 or 32 was expected")
    }
    reader.finish()
    guard place == nil || station == nil else {
      reader.error(at: reader.value, "", "\"place\" or \"station\" was expected, not both")
      return nil
    }
    guard let id else { return nil }
    guard let level = place ?? station else {
      reader.error(
        at: reader.value, "place", "the place it measures, or the \"station\" it belongs to, is required here")
      return nil
    }
    let ownTopic = "tonnelle/v1/up/\(level)/\(id)"
    return SensorContent(
      id: id, place: place, topic: topic ?? ownTopic, ownTopic: ownTopic, decoder: decoder, device: device,
      mapping: mapping, period: period, staleAfter: stale, counterBits: bits == 16 ? 16 : 32, file: reader.file,
      position: reader.position, path: reader.path)
  }

  /// The topic of one that is known by it.
  private func topic(_ reader: ObjectReader, _ decoder: Decoder) -> String? {
    let topic = reader.string("topic", required: decoder.isKnownByTopic && decoder != .senml)
    if topic == nil || decoder.isKnownByTopic { return topic }
    reader.error(at: reader.value["topic"] ?? reader.value, "topic", "\(decoder.rawValue) knows sensors by \"device\"")
    return nil
  }

  /// The identity of one that its server or hub names.
  private func device(_ reader: ObjectReader, _ decoder: Decoder) -> String? {
    let written = reader.string("device", required: !decoder.isKnownByTopic)
    guard let written else { return nil }
    if let device = decoder.device(written) { return device }
    let expected =
      decoder.isKnownByTopic
      ? "\(decoder.rawValue) knows sensors by \"topic\""
      : decoder.isNetworkServer
        ? "a DevEUI of 16 hexadecimal digits was expected"
        : decoder == .theengs ? "an address of 12 hexadecimal digits was expected" : "a name was expected"
    reader.error(
      at: reader.value["device"] ?? reader.value, "device", "\(expected), \"\(written.prefix(40))\" was found")
    return nil
  }

  /// Which fields it has, as a list of names, as an object that says where each stands, or by the name of such an object.
  private func fields(_ reader: ObjectReader, _ decoder: Decoder) -> FieldMapping {
    if let name = reader.string("mapping") {
      _ = reader.member("fields")
      if let fields = reader.value["fields"] {
        reader.error(at: fields, "fields", "\"mapping\" says already which fields there are")
      }
      if let mapping = mappings[name] { return checked(mapping, reader, decoder) }
      let hint = Spelling.nearest(to: name, among: mappings.keys.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
      reader.error(at: reader.value["mapping"] ?? reader.value, "mapping", "there is no mapping \"\(name)\"\(hint)")
      return FieldMapping()
    }
    if reader.value["fields"]?.kind == .object, let written = reader.object("fields") {
      return checked(mapping(written), reader, decoder)
    }
    var fields: [Field] = []
    for (path, value) in reader.list("fields") {
      if let field = value.string.flatMap(Field.init(rawValue:)), !fields.contains(field) {
        fields.append(field)
      } else {
        reader.add(
          .error, value.position, path,
          "\(Self.expected), each once, was expected, \(ObjectReader.name(value)) was found\(Self.hint(value.string))")
      }
    }
    if fields.isEmpty { reader.error(at: reader.value, "fields", "at least one field is required here") }
    return checked(FieldMapping(fields), reader, decoder)
  }

  private func checked(_ mapping: FieldMapping, _ reader: ObjectReader, _ decoder: Decoder) -> FieldMapping {
    let isWritten = mapping.sources.contains { $0.place != $0.field.rawValue } || mapping.time != nil
    if decoder == .senml && isWritten {
      reader.error(at: reader.value, "fields", "SenML names its fields itself: a list of names was expected")
    }
    guard decoder == .plain else { return mapping }
    if mapping.sources.count > 1 { reader.error(at: reader.value, "fields", "a bare number is one field") }
    if mapping.time != nil { reader.error(at: reader.value, "fields", "a bare number has no time") }
    var plain = mapping
    for index in plain.sources.indices { plain.sources[index].place = "value" }
    return plain
  }

  private static let expected = "one of \(Field.allCases.map(\.rawValue).joined(separator: ", "))"

  private static func hint(_ written: String?) -> String {
    Spelling.nearest(to: written ?? "", among: Field.allCases.map(\.rawValue)).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  /// Where each field stands: `{ "temperature": "/air/t", "humidity": { "pointer": "/air/h", "scale": 0.1 } }`.
  private func mapping(_ reader: ObjectReader) -> FieldMapping {
    var mapping = FieldMapping()
    for member in reader.value.members {
      if member.key == "time" {
        time(member.value, reader, &mapping)
      } else if let field = Field(rawValue: member.key) {
        if let source = source(of: field, member.value, reader) { mapping.sources.append(source) }
      } else {
        reader.add(
          .error, member.position, reader.child(member.key),
          "\(Self.expected), or time, was expected\(Self.hint(member.key))")
      }
    }
    if mapping.sources.isEmpty { reader.error(at: reader.value, "", "at least one field is required here") }
    return mapping
  }

  private func source(of field: Field, _ value: JSONValue, _ parent: ObjectReader) -> FieldMapping.Source? {
    let key = field.rawValue
    if value.kind == .string, let place = value.string {
      return isPlace(place, value, parent.child(key), parent) ? .init(field, at: place) : nil
    }
    let reader = ObjectReader(value, file: parent.file, path: parent.child(key), report: report)
    let place = reader.string("pointer", required: true)
    var scale: ExactDecimal?
    if let member = reader.member("scale") {
      scale = member.numberText.flatMap { ExactDecimal($0) }
      if scale == nil || scale == ExactDecimal(0) {
        reader.error(at: member, "scale", "a number other than 0 was expected, \(ObjectReader.name(member)) was found")
      }
    }
    let unit = reader.string("unit")
    if let unit, !field.isUnit(unit) {
      reader.error(at: reader.value["unit"] ?? value, "unit", "\(key) is never in \"\(unit)\"")
    }
    reader.finish()
    guard let place, isPlace(place, value, reader.child("pointer"), reader) else { return nil }
    return .init(field, at: place, scale: scale, unit: unit)
  }

  private func isPlace(_ place: String, _ value: JSONValue, _ path: String, _ reader: ObjectReader) -> Bool {
    if !place.isEmpty && (!place.hasPrefix("/") || FieldMapping.tokens(place) != nil) { return true }
    reader.add(
      .error, value.position, path,
      "a name or a JSON pointer such as \"/air/t\" was expected, \"\(place.prefix(40))\" was found")
    return false
  }

  private func time(_ value: JSONValue, _ parent: ObjectReader, _ mapping: inout FieldMapping) {
    let reader = ObjectReader(value, file: parent.file, path: parent.child("time"), report: report)
    if let pointer = reader.string("pointer", required: true) {
      if FieldMapping.tokens(pointer) == nil {
        reader.error(at: value, "pointer", "a JSON pointer such as \"/at\" was expected")
      }
      mapping.time = pointer
    }
    mapping.timeFormat = reader.choice("format", FieldMapping.TimeFormat.self) ?? mapping.timeFormat
    reader.finish()
  }
}
