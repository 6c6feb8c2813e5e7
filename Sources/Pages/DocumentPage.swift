// Plain pages: headings, sentences, lists, tables. What machines read as JSON people can read here.

/// A page of text.
public struct DocumentPage: Sendable {
  /// A part of a page.
  public enum Part: Sendable {
    case heading(String)
    case text(String)
    case list([String])
    case links([(text: String, href: String)])
    /// Something to copy: commands, programs.
    case code(String)
    case table(caption: String, head: [String], rows: [[Cell]])
    /// The warmest and the coolest moment of each day of a season.
    case season(SeasonChart)
  }

  /// A cell of a table.
  public struct Cell: Sendable {
    var text: String
    var href: String?
    var isNumber: Bool

    /// A cell.
    public init(_ text: String, href: String? = nil, isNumber: Bool = false) {
      self.text = text
      self.href = href
      self.isNumber = isNumber
    }
  }

  /// The heading.
  public var title: String
  /// The city's name.
  public var cityName: String
  /// The page's path without the language; nil where it is written in one.
  public var path: String?
  /// What it says.
  public var parts: [Part]
  /// Who answers questions.
  public var contact: String?

  /// A page.
  public init(title: String, cityName: String, path: String?, parts: [Part], contact: String?) {
    self.title = title
    self.cityName = cityName
    self.path = path
    self.parts = parts
    self.contact = contact
  }

  /// The page.
  public func html(_ language: Language) -> String {
    PageFrame(
      language: language, title: "\(title) · \(cityName)", cityName: cityName,
      other: path.map { path in { Pages.path(path, $0) } },
      body: "<h1>\(escapeHTML(title))</h1>\n" + parts.map(html).joined(separator: "\n"), contact: contact
    ).html
  }

  func html(_ part: Part) -> String {
    switch part {
    case .season(let chart): return chart.html
    case .heading(let text): return "<h2>\(escapeHTML(text))</h2>"
    case .text(let text): return "<p>\(escapeHTML(text))</p>"
    case .list(let items): return "<ul>\(items.map { "<li>\(escapeHTML($0))</li>" }.joined())</ul>"
    case .links(let links):
      return "<ul class=\"links\">\(links.map { "<li>\(link($0.text, $0.href))</li>" }.joined())</ul>"
    case .code(let text): return "<pre tabindex=\"0\"><code>\(escapeHTML(text))</code></pre>"
    case .table(let caption, let head, let rows):
      let names = head.map { "<th scope=\"col\">\(escapeHTML($0))</th>" }.joined()
      let body = rows.map { cells in "<tr>\(cells.enumerated().map { cell($1, isFirst: $0 == 0) }.joined())</tr>" }
      return """
        <div class="table" role="region" tabindex="0" aria-label="\(escapeHTML(caption))"><table><caption>\(escapeHTML(caption))</caption>
        <thead><tr>\(names)</tr></thead><tbody>\(body.joined(separator: "\n"))</tbody></table></div>
        """
    }
  }

  private func cell(_ cell: Cell, isFirst: Bool) -> String {
    let text = cell.href.map { link(cell.text, $0) } ?? escapeHTML(cell.text)
    if isFirst { return "<th scope=\"row\">\(text)</th>" }
    return "<td\(cell.isNumber ? " class=\"number\"" : "")>\(text)</td>"
  }

  private func link(_ text: String, _ href: String) -> String {
    "<a href=\"\(escapeHTML(href))\">\(escapeHTML(text))</a>"
  }
}
