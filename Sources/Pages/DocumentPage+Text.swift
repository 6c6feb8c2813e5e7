// A page of text without any markup, for terminals.

extension DocumentPage {
  /// The page as lines of text; drawings are left out.
  public var text: String {
    let lines = parts.flatMap { part -> [String] in
      switch part {
      case .heading(let text): ["", text, String(repeating: "-", count: text.count)]
      case .text(let text), .code(let text): ["", text]
      case .list(let items): items.map { "- " + $0 }
      case .links(let links): links.map { "- \($0.text): \($0.href)" }
      case .table(let caption, let head, let rows):
        ["", caption]
          + rows.flatMap { cells in
            ["", cells.first?.text ?? ""] + zip(head, cells).dropFirst().map { "  \($0): \($1.text)" }
          }
      case .season: []
      }
    }
    return ([title + " · " + cityName] + lines).joined(separator: "\n") + "\n"
  }
}
