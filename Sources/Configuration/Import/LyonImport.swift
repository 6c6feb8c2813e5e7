// Open data of Métropole de Lyon: parks with hours in up to three writings, and what stands in them: drinking fountains,
// public toilets. Ornamental fountains are read and are no places to stay.

internal import JSONText
internal import Publication
internal import Timetables

enum LyonImport {
  private static let box = (longitude: 4.4...5.3, latitude: 45.4...46.1)

  static func read(_ row: ImportRow, _ drafts: ImportDrafts) {
    let table = row.text("id") ?? row.featureID ?? ""
    guard let shape = row.shape(in: box, drafts) else { return }
    if table.contains("bornefontaine") { return drafts.fountains.append(shape.shape.position) }
    if table.contains("toilettepublique") { return drafts.toilets.append(shape.shape.position) }
    if table.contains("fontaineornem") {
      return drafts.doubt(.leftOut, row, "left out: an ornamental fountain is no place to stay")
    }
    guard let name = row.text("nom") else { return drafts.doubt(.leftOut, row, "left out: it has no name") }
    let id = drafts.identifier("lyon-", row.text("uid"), named: name, row)
    let hours = hours(row, drafts)
    let isGarden = ["jardin", "square"].contains { name.lowercased().hasPrefix($0) }
    let equipment = row.text("type_equip")?.lowercased() ?? ""
    drafts.add(
      PlaceDraft(
        id: id, name: name, kind: isGarden ? .garden : .park, shape: shape,
        address: row.address("numvoie", "voie", "commune"), commune: row.text("code_insee"), openingHours: hours.first,
        alsoOpeningHours: hours.dropFirst().first, water: row.flag("eau"), toilets: row.flag("toilettes"),
        seats: equipment.contains("banc") ? true : nil, indoor: false, isFreeOfCharge: true,
        source: "Métropole de Lyon, data.grandlyon.com", licence: "Licence Ouverte 2.0"), row)
  }

  /// The timetables that a park's row gives: one, or two that contradict each other.
  private static func hours(_ row: ImportRow, _ drafts: ImportDrafts) -> [String] {
    var found: [(text: String, hours: OpeningHours)] = []
    let list = row.properties["openinghours"].map { $0.elements.compactMap(\.string).joined(separator: "; ") }
    for text in [list, row.text("horaires"), specification(row)].compactMap({ $0 }) where !text.isEmpty {
      do {
        let hours = try OpeningHours(text)
        if !found.contains(where: { $0.hours.agrees(with: hours) }) { found.append((text, hours)) }
      } catch {
        drafts.doubt(.hoursUnreadable, row, "hours not understood: \"\(text)\"")
      }
    }
    if found.count > 1 {
      drafts.doubt(
        .contradiction, row,
        "its hours contradict each other: \(found.map { "\"\($0.text)\"" }.joined(separator: ", "))")
    }
    return found.map(\.text)
  }

  /// Hours as schema.org has them, if they hold the whole year.
  private static func specification(_ row: ImportRow) -> String? {
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    var cells = [FrenchHours.Cell](repeating: .nothing, count: 7)
    for element in row.properties["openinghoursspecification"].map({ Array($0.elements) }) ?? [] {
      guard element["validFrom"] == nil, let opens = element["opens"]?.string, let closes = element["closes"]?.string
      else { return nil }
      let names = element["dayOfWeek"].map { $0.kind == .array ? $0.elements.compactMap(\.string) : [$0.string ?? ""] }
      for name in names ?? [] {
        if let day = days.firstIndex(where: { name.hasSuffix($0) }) {
          cells[day] = FrenchHours.Cell("\(opens)-\(closes)")
        }
      }
    }
    let week = FrenchHours.week(cells)
    return week.isEmpty ? nil : FrenchHours.isAlwaysOpen(cells) ? "24/7" : week.joined(separator: "; ")
  }
}
