// The national heat warning: Météo-France's vigilance bulletin, as its public interface gives it.

internal import CoolIslands
internal import JSONText
internal import Quantities

enum VigilanceBulletin {
  /// The number of the phenomenon "canicule".
  private static let heat = 6
  /// A service that says nothing for so long is not there.
  private static let patience = Span.hours(24)

  /// What a bulletin says about the heat of a département: a level for each of its spans of time.
  ///
  /// Identifiers come as text or as numbers. Of what is not a département (a coast, the country) nothing is read; a span
  /// that cannot be read is left out alone.
  ///
  /// - Parameters:
  ///   - root: `{"product": {"periods": […]}}`.
  ///   - departement: such as `69` or `2A`.
  ///   - arrival: when it came.
  /// - Returns: entries in order of time, those of one level joined.
  /// - Throws: ``CommandError`` if it says nothing about the heat there.
  static func read(_ root: JSONValue, departement: String, arrival: Instant) throws(CommandError) -> [HeatEntry] {
    let product = root["product"] ?? root
    guard let periods = product["periods"], periods.kind == .array else {
      throw CommandError("a vigilance bulletin was expected: {\"product\":{\"periods\":[…]}}")
    }
    var spans: [(from: Instant, until: Instant, level: Int)] = []
    for period in periods.elements {
      guard let domains = period["timelaps"]?["domain_ids"] else { continue }
      for domain in domains.elements where domain.identifier("domain_id") == departement {
        guard let phenomena = domain["phenomenon_items"] else { continue }
        for phenomenon in phenomena.elements where phenomenon.identifier("phenomenon_id") == String(heat) {
          if let items = phenomenon["timelaps_items"] { spans += items.elements.compactMap(span) }
        }
      }
    }
    guard !spans.isEmpty else {
      throw CommandError("the bulletin says nothing about the heat of département \(departement)")
    }
    let issued = product["update_time"]?.string.map { ", issued \($0)" } ?? ""
    var entries: [HeatEntry] = []
    for span in spans.sorted(by: { ($0.from, $0.until) < ($1.from, $1.until) }) {
      let end = min(span.until, arrival + patience)
      guard span.from < end else { continue }
      if let last = entries.last, last.level == span.level, last.until == span.from {
        entries[entries.count - 1].until = end
      } else {
        entries.append(
          HeatEntry(
            source: .feed, level: span.level, from: span.from, until: end, by: "Météo-France",
            reason: "vigilance\(issued)"))
      }
    }
    return entries
  }

  private static func span(_ item: JSONValue) -> (from: Instant, until: Instant, level: Int)? {
    guard let from = item["begin_time"].flatMap({ Instant(rfc3339: $0.slice) }),
      let until = item["end_time"].flatMap({ Instant(rfc3339: $0.slice) }), from < until,
      from > Instant(milliseconds: 0),
      let level = item.identifier("color_id").flatMap({ Int($0) }), (1...4).contains(level)
    else { return nil }
    return (from, until, level)
  }
}

extension JSONValue {
  /// A number or a text, as text.
  fileprivate func identifier(_ key: String) -> String? {
    self[key].flatMap { $0.string ?? $0.integer.map { String($0) } }
  }
}
