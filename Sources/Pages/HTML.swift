// HTML as text, with one way to put a stranger's words into it.

/// Escapes text for HTML content and for attribute values in double quotes.
public func escapeHTML(_ text: String) -> String {
  guard text.utf8.contains(where: { [0x26, 0x3C, 0x3E, 0x22, 0x27].contains($0) }) else { return text }
  // Scalar by scalar: a quote with an accent on it is one character, and a quote all the same.
  var escaped = String.UnicodeScalarView()
  func add(_ entity: String) { escaped.append(contentsOf: entity.unicodeScalars) }
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": add("&amp;")
    case "<": add("&lt;")
    case ">": add("&gt;")
    case "\"": add("&quot;")
    case "'": add("&#39;")
    default: escaped.append(scalar)
    }
  }
  return String(escaped)
}

/// A path with the language behind it.
func path(_ path: String, _ language: Language) -> String {
  "\(path)\(path.contains("?") ? "&" : "?")lang=\(language.rawValue)"
}

/// The frame around every page.
struct PageFrame {
  var language: Language
  var title: String
  var cityName: String
  /// The page in another language; nil where it is written in one.
  var other: ((Language) -> String)?
  var body: String
  /// Scripts to load, by path.
  var scripts: [String] = []
  /// The contact of those who answer for the page, as an address.
  var contact: String?
  /// Whether machines may index it.
  var isPublic = true
  /// Where its links lead.
  var links = Links.gateway

  private var footer: String {
    var links: [(String, String)] = []
    if isPublic, self.links.isLive {
      links = [
        (language("Données ouvertes", "Open data"), "/data?lang=\(language.rawValue)"),
        (language("Accessibilité", "Accessibility"), "/accessibility?lang=\(language.rawValue)"),
      ]
    }
    if let contact { links.append((language("Une erreur ? Écrivez-nous", "Something wrong? Tell us"), contact)) }
    return links.map { "<a href=\"\(escapeHTML($0.1))\">\(escapeHTML($0.0))</a>" }.joined(separator: " · ")
  }

  /// The link to the other language.
  private var languages: String {
    guard let address = other else { return "" }
    let other: Language = language == .fr ? .en : .fr
    return """
      <nav aria-label="\(language("Langue", "Language"))"><span aria-current="true" lang="\(language.rawValue)">\(language.rawValue.uppercased())</span> <a href="\(escapeHTML(address(other)))" hreflang="\(other.rawValue)" lang="\(other.rawValue)">\(other == .fr ? "Français" : "English")</a></nav>
      """
  }

  var html: String {
    return """
      <!doctype html>
      <html lang="\(language.rawValue)">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">\(isPublic ? "" : "<meta name=\"robots\" content=\"noindex\">")
      <title>\(escapeHTML(title))</title>
      <link rel="stylesheet" href="\(links.asset("style.css"))">
      <link rel="icon" href="\(links.asset("icon.svg"))" type="image/svg+xml">
      \(scripts.map { "<script src=\"\($0)\" defer></script>" }.joined(separator: "\n"))
      </head>
      <body\(isPublic ? "" : " class=\"wide\"")>
      <a class="skip" href="#main">\(language("Aller au contenu", "Skip to content"))</a>
      \(Sprite.svg)
      <header>
      <a class="brand" href="\(links.list(language))">Tonnelle · \(escapeHTML(cityName))</a>
      \(languages)
      </header>
      <main id="main">
      \(body)
      </main>
      <footer>\(footer)</footer>
      </body>
      </html>

      """
  }
}

/// One drawing of each shape, used by reference.
enum Sprite {
  static let svg = """
    <svg class="sprite" aria-hidden="true" focusable="false" width="0" height="0">
    <symbol id="s-available" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" fill="currentColor"/></symbol>
    <symbol id="s-unmeasured" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="3"/></symbol>
    <symbol id="s-crowded" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="3"/><path d="M12 2a10 10 0 0 0 0 20z" fill="currentColor"/></symbol>
    <symbol id="s-warm" viewBox="0 0 24 24"><path d="M12 2 23 21H1z" fill="currentColor"/></symbol>
    <symbol id="s-closed" viewBox="0 0 24 24"><path d="M3 3h18v18H3z" fill="currentColor"/></symbol>
    <symbol id="s-unknown" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="2"/><path d="M9 9.5a3 3 0 1 1 4.2 2.8c-.8.4-1.2.9-1.2 1.7v.5" fill="none" stroke="currentColor" stroke-width="2"/><circle cx="12" cy="17.5" r="1.4" fill="currentColor"/></symbol>
    <symbol id="a-water" viewBox="0 0 24 24"><path d="M12 2c4 5 7 8.500 7 12.500a7 7 0 0 1-14 0C5 10.500 8 7 12 2z" fill="currentColor"/></symbol>
    <symbol id="a-toilets" viewBox="0 0 24 24"><circle cx="7" cy="4.500" r="2.500" fill="currentColor"/><path d="M4 9h6v6H9v7H5v-7H4z" fill="currentColor"/><circle cx="17" cy="4.500" r="2.500" fill="currentColor"/><path d="m17 8 4 8h-2.500v6h-3v-6H13z" fill="currentColor"/></symbol>
    <symbol id="a-stepFree" viewBox="0 0 24 24"><circle cx="10" cy="3.500" r="2.500" fill="currentColor"/><path d="M9 7h3v5h5l3 7-2 1-2.500-6H9z" fill="currentColor"/><path d="M8 11a6 6 0 1 0 7 7" fill="none" stroke="currentColor" stroke-width="2"/></symbol>
    <symbol id="a-seats" viewBox="0 0 24 24"><path d="M3 5h18v3H3zm0 6h18v3H3zm2 4h3v6H5zm11 0h3v6h-3z" fill="currentColor"/></symbol>
    <symbol id="a-indoor" viewBox="0 0 24 24"><path d="M12 2 2 11h3v10h5v-6h4v6h5V11h3z" fill="currentColor"/></symbol>
    </svg>
    """

  static func use(_ id: String, class name: String) -> String {
    "<svg class=\"\(name)\" aria-hidden=\"true\" focusable=\"false\"><use href=\"#\(id)\"/></svg>"
  }

  /// The site's icon: leaves over a bench.
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M4 15a12 11 0 0 1 24 0z" fill="#0B6B4F"/><path d="M6 15v13M26 15v13M9 22h14" stroke="#0B6B4F" stroke-width="2.500" fill="none"/></svg>
    """
}
