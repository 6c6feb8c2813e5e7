// Paris open data, "Îlots de fraîcheur": green spaces, and facilities and activities.

internal import Publication
internal import Quantities

enum ParisImport {
  private static let box = (longitude: 2.0...2.7, latitude: 48.6...49.1)

  private static let kinds: [(prefix: String, kind: PlaceKind, indoor: Bool)] = [
    ("lieux de culte", .worship, true), ("ombrière", .shade, false), ("brumisateur", .mister, false),
    ("musée", .museum, true), ("piscine", .pool, true), ("mairie", .townHall, true),
    ("bibliothèque", .library, true), ("bains-douches", .other, true), ("terrain", .other, false),
    ("baignade", .pool, false), ("découverte", .other, true), ("jardin", .garden, false), ("square", .garden, false),
    ("promenades", .park, false), ("parc", .park, false), ("bois", .park, false), ("espace", .park, false),
    ("cimetière", .park, false), ("mail", .park, false), ("pelouse", .park, false), ("ephemère", .other, false),
  ]

  static func read(_ row: ImportRow, _ drafts: ImportDrafts) {
    guard let shape = row.shape(in: box, drafts) else { return }
    guard let name = row.text("nom") else { return drafts.doubt(.leftOut, row, "left out: it has no name") }
    let id = drafts.identifier("paris-", row.text("identifiant") ?? row.text("nsq_espace_vert"), named: name, row)
    let type = row.text("type") ?? row.text("categorie") ?? ""
    let known = kinds.first { type.lowercased().hasPrefix($0.prefix) || name.lowercased().hasPrefix($0.prefix) }
    if !kinds.contains(where: { type.lowercased().hasPrefix($0.prefix) }) {
      let kind = (known?.kind ?? .other).rawValue
      drafts.doubt(.kindUnknown, row, "the type \"\(type)\" is not known; by its name \"\(name)\" becomes \"\(kind)\"")
    }
    let (openingHours, also) = hours(row, drafts)
    drafts.add(
      PlaceDraft(
        id: id, name: name, kind: known?.kind ?? .other, shape: shape,
        address: row.text("adresse"), commune: row.text("arrondissement").flatMap(commune), openingHours: openingHours,
        alsoOpeningHours: also, mist: known?.kind == .mister ? true : nil, indoor: known?.indoor,
        isFreeOfCharge: row.flag("payant").map(!), source: "Ville de Paris, Îlots de fraîcheur, opendata.paris.fr",
        licence: "ODbL 1.0"), row)
    for (key, meaning) in [
      ("canicule_ouverture", "open in heatwaves"), ("ouverture_estivale_nocturne", "open on summer nights"),
    ] where row.flag(key) == true {
      drafts.doubt(.status, row, "\"\(name)\" is \(meaning), at hours that the register does not give: see heat_hours")
    }
  }

  /// INSEE's code of an arrondissement given by its postal code.
  private static func commune(_ postalCode: String) -> String? {
    postalCode.count == 5 && postalCode.hasPrefix("75") ? "751" + postalCode.suffix(2) : nil
  }

  private static let days = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]

  /// What weekdays and period make together, and what another property says that contradicts it.
  private static func hours(_ row: ImportRow, _ drafts: ImportDrafts) -> (hours: String?, also: String?) {
    let cells = days.map { FrenchHours.Cell(row.text("horaires_\($0)")) }
    for (day, cell) in zip(days, cells) {
      if case .prose(let text) = cell {
        drafts.doubt(.hoursUnreadable, row, "hours of \(day) not understood: \"\(text)\"")
      }
    }
    let flag = row.flag("ouvert_24h")
    var week = FrenchHours.week(cells)
    if week.isEmpty && flag == true { week = ["24/7"] }
    let status = row.text("statut_ouverture").flatMap { $0.lowercased() == "ouvert" ? nil : $0 }
    if let status { drafts.doubt(.status, row, "its status is \"\(status)\", whatever its hours are") }
    guard !week.isEmpty else { return (nil, nil) }
    let published = week.joined(separator: "; ")
    var also = status.map { "off \"statut_ouverture: \($0.filter { $0 != "\"" })\"" }
    if let flag, !cells.allSatisfy(\.saysNothing), flag != FrenchHours.isAlwaysOpen(cells) {
      drafts.doubt(.contradiction, row, "ouvert_24h is \(flag ? "Oui" : "Non"), and the week says \"\(published)\"")
      also = flag ? "24/7" : "unknown \"ouvert_24h: Non\""
    }
    guard let text = row.text("horaires_periode") else { return (published, also) }
    guard let period = FrenchHours.Period(text) else {
      drafts.doubt(.period, row, "the period is not understood, and the hours are taken as they are: \"\(text)\"")
      return (published, also)
    }
    drafts.doubt(.period, row, "hours are published \(period) only")
    return (period.applied(to: week), also)
  }
}
