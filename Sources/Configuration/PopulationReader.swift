// Where people live: cells of a population grid as GeoJSON, or as comma-separated values with a header.

internal import CoolIslands
internal import JSONText
internal import Publication
internal import Quantities

struct PopulationReader {
  let file: String
  let report: Report
  private var leftOut = 0

  init(file: String, report: Report) {
    self.file = file
    self.report = report
  }

  /// Rows left out that are told one by one.
  private static let told = 20
  /// Cells at most: four for each hectare of a large city.
  private static let most = 1_000_000

  mutating func read(_ text: [UInt8]) -> [PopulationCell] {
    let text = Array(text.withoutByteOrderMark)
    let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let cells = first == 0x7B ? features(text) : rows(text)
    if cells.isEmpty && !report.hasErrors { report.add(.error, file, nil, "", "it says of nobody where they live") }
    if leftOut > Self.told {
      report.add(.warning, file, nil, "", "\(leftOut) rows were left out; the first \(Self.told) are told above")
    }
    guard cells.count <= Self.most else {
      report.add(.error, file, nil, "", "there are \(cells.count) cells; at most \(Self.most) are read")
      return []
    }
    return cells
  }

  /// Features with `people` and perhaps `weight`; of a polygon the centre of its box.
  private mutating func features(_ text: [UInt8]) -> [PopulationCell] {
    let document: JSONDocument
    do {
      document = try JSONDocument(text, options: .forPeople)
    } catch {
      report.add(.error, file, error.position, "", error.message)
      return []
    }
    var cells: [PopulationCell] = []
    let features: [JSONValue] = document.root["features"].map { Array($0.elements) } ?? []
    for (place, feature) in features.enumerated() {
      func number(_ key: String) -> ExactDecimal? {
        feature["properties"]?[key]?.numberText.flatMap { ExactDecimal($0) }
      }
      guard let geometry = feature["geometry"], let shape = try? Shape(geometry),
        let cell = cell(at: shape.shape.position, people: number("people"), weight: number("weight"))
      else {
        leaveOut("features[\(place)]", at: feature.position, "a geometry and \"people\"")
        continue
      }
      cells.append(cell)
    }
    return cells
  }

  /// Rows with the columns `longitude`, `latitude`, `people` and perhaps `weight`, in any order.
  private mutating func rows(_ text: [UInt8]) -> [PopulationCell] {
    var lines = text.split(omittingEmptySubsequences: false) { $0 == 0x0A }.enumerated().makeIterator()
    let header = lines.next()?.element.split(separator: 0x2C, omittingEmptySubsequences: false).map { name in
      String(decoding: name, as: UTF8.self).filter { !$0.isWhitespace && $0 != "\"" }
    }
    func column(_ name: String) -> Int? { header?.firstIndex(of: name) }
    guard let header, let longitude = column("longitude"), let latitude = column("latitude"),
      let people = column("people")
    else {
      report.add(
        .error, file, TextPosition(line: 1, column: 1), "", "columns longitude, latitude and people were expected")
      return []
    }
    let weight = column("weight")
    var cells: [PopulationCell] = []
    while let (index, line) = lines.next() {
      let line = line.last == 0x0D ? line.dropLast() : line
      guard !line.isEmpty else { continue }
      let values = line.split(separator: 0x2C, omittingEmptySubsequences: false)
      let numbers = values.map { ExactDecimal($0) }
      let weighs = weight.map { $0 < values.count && !values[$0].isEmpty } ?? false
      guard numbers.count == header.count, let x = numbers[longitude], let y = numbers[latitude],
        abs(x.thousandths) <= 180_000, abs(y.thousandths) <= 90_000,
        let counted = weighs ? weight.flatMap({ numbers[$0] }) : ExactDecimal(1),
        let cell = cell(
          at: PublicPosition(longitudeE7: Int64(x.trillionths / 100_000), latitudeE7: Int64(y.trillionths / 100_000)),
          people: numbers[people], weight: counted)
      else {
        leaveOut("", at: TextPosition(line: index + 1, column: 1), "longitude, latitude and people")
        continue
      }
      cells.append(cell)
    }
    return cells
  }

  private mutating func leaveOut(_ path: String, at position: @autoclosure () -> TextPosition, _ expected: String) {
    leftOut += 1
    guard leftOut <= Self.told else { return }
    report.add(.warning, file, position(), path, "left out: \(expected), a number from 0 on, were expected")
  }

  /// People are rounded to whole ones; a weight lies between 0 and 1,000.
  private func cell(at position: PublicPosition, people: ExactDecimal?, weight: ExactDecimal?) -> PopulationCell? {
    guard let people, people >= ExactDecimal(0), people <= ExactDecimal(100_000) else { return nil }
    let weight = weight ?? ExactDecimal(1)
    guard weight >= ExactDecimal(0), weight <= ExactDecimal(1000) else { return nil }
    return PopulationCell(
      position: position, people: people.thousandths.roundedDivided(by: 1000), weight: weight.thousandths)
  }
}
