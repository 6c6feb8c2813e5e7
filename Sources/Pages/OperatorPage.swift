// The frame of the operators' pages, and the parts they are made of: tables, forms, a login.

/// What stands in an operators' page.
public struct OperatorBody: Sendable {
  /// The title.
  public var title: String
  /// The body, a heading first.
  public var html: String

  /// A body.
  public init(title: String, html: String) {
    self.title = title
    self.html = html
  }
}

/// A page of the operators' port.
public struct OperatorPage: Sendable {
  private let language: Language
  private let cityName: String
  private let caller: String
  private let address: String?
  private let body: OperatorBody
  private let moment: String
  private let notice: String?

  /// A page.
  ///
  /// - Parameters:
  ///   - language: the reader's.
  ///   - cityName: the city's name.
  ///   - caller: who reads it.
  ///   - path: its address; nil where it cannot be asked for again.
  ///   - body: what stands in it.
  ///   - moment: of when it is.
  ///   - notice: what must be known before anything else.
  public init(
    language: Language, cityName: String, caller: String, path: String?, body: OperatorBody, moment: String = "",
    notice: String? = nil
  ) {
    self.language = language
    self.cityName = cityName
    self.caller = caller
    address = path
    self.body = body
    self.moment = moment
    self.notice = notice
  }

  /// The page.
  public var html: String {
    let rooms = [
      ("/", language("À faire", "To do")), ("/heat", language("Chaleur", "Heat")),
      ("/sensors", language("Capteurs", "Sensors")), ("/unknown", language("Inconnus", "Unknown")),
      ("/audit", language("Décisions", "Decisions")),
    ]
    let links = rooms.map { room, name in
      let current = room == address ? " aria-current=\"page\"" : ""
      return "<li><a href=\"\(path(room, language))\"\(current)>\(name)</a></li>"
    }
    let navigation = """
      <nav class="choices" aria-label="\(language("Pages du service", "Pages of the service"))"><ul>\(links.joined())\
      <li class="meta">\(escapeHTML(caller)) · <a href="/logout">\(language("quitter", "leave"))</a></li></ul></nav>
      """
    return PageFrame(
      language: language, title: "\(body.title) · \(cityName)", cityName: cityName,
      other: address.map { address in { path(address, $0) } },
      body: navigation
        + (notice.map { "<p class=\"notice\" role=\"alert\">\(escapeHTML($0))</p>" } ?? "")
        + (moment.isEmpty ? "" : "<p class=\"meta\">\(escapeHTML(moment))</p>") + body.html, isPublic: false
    ).html
  }
}

/// What a browser shows to somebody unknown; without a style sheet, since everything here needs a token.
public struct LoginPage: Sendable {
  private let language: Language

  /// A page.
  public init(language: Language) { self.language = language }

  /// The page.
  public var html: String {
    """
    <!doctype html>
    <html lang="\(language.rawValue)">
    <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
    <title>Tonnelle · \(language("accès du service", "access for the service"))</title></head>
    <body><main><h1>\(language("Accès du service", "Access for the service"))</h1>
    <form method="post" action="/login">
    <p><label for="token">\(language("Jeton", "Token"))</label>
    <input id="token" name="token" type="password" autocomplete="current-password" required></p>
    <p><button>\(language("Entrer", "Enter"))</button></p></form></main></body></html>

    """
  }
}

/// A table that scrolls by itself where it is too wide.
public func operatorTable(_ caption: String, _ heads: [String], _ rows: [String]) -> String {
  """
  <div class="table" role="region" tabindex="0" aria-label="\(escapeHTML(caption))"><table>
  <caption>\(escapeHTML(caption))</caption>
  <thead><tr>\(heads.map { "<th scope=\"col\">\(escapeHTML($0))</th>" }.joined())</tr></thead>
  <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
  """
}

/// A row of cells that are HTML already; the first one is its head.
public func operatorRow(_ cells: [String]) -> String {
  let rest = cells.dropFirst().map { "<td>\($0)</td>" }.joined()
  return "<tr><th scope=\"row\">\(cells.first ?? "")</th>\(rest)</tr>"
}

/// A form for an act: what it is, why, until when.
public struct ActForm: Sendable {
  /// A choice among several.
  public struct Choice: Sendable {
    /// The field's name and label.
    public var name: String
    /// The label.
    public var label: String
    /// Values and what they mean.
    public var options: [(value: String, text: String)]

    /// A choice.
    public init(name: String, label: String, options: [(value: String, text: String)]) {
      self.name = name
      self.label = label
      self.options = options
    }
  }

  private let action: String
  private let title: String
  private let choices: [Choice]
  private let button: String
  private let note: String
  private let hidden: [(name: String, value: String)]

  /// A form.
  ///
  /// - Parameters:
  ///   - action: where it goes.
  ///   - title: what is done.
  ///   - choices: what can be chosen.
  ///   - hidden: fields that nobody sees, the session's own among them.
  ///   - note: what changes for the public.
  ///   - button: the word on the button.
  public init(
    action: String, title: String, choices: [Choice], hidden: [(name: String, value: String)], note: String,
    button: String
  ) {
    self.action = action
    self.title = title
    self.choices = choices
    self.hidden = hidden
    self.note = note
    self.button = button
  }

  /// The form.
  public func html(_ language: Language) -> String {
    let prefix = "f" + action.filter { $0.isLetter || $0.isNumber } + String(hidden.count)
    let fields = choices.map { choice in
      """
      <p><label for="\(prefix)\(choice.name)">\(escapeHTML(choice.label))</label><br><select id="\(prefix)\(choice.name)" name="\(choice.name)">\
      \(choice.options.map { "<option value=\"\(escapeHTML($0.value))\">\(escapeHTML($0.text))</option>" }.joined())</select></p>
      """
    }
    let secrets = hidden.map {
      "<input type=\"hidden\" name=\"\($0.name)\" value=\"\(escapeHTML($0.value))\">"
    }
    return """
      <form class="act" method="post" action="\(escapeHTML(path(action, language)))"><h3>\(escapeHTML(title))</h3>\(secrets.joined())
      \(fields.joined())
      <p><label for="\(prefix)reason">\(language("Raison (gardée avec votre nom)", "Reason (kept with your name)"))</label><br>\
      <input id="\(prefix)reason" name="reason" required maxlength="250" autocomplete="off"></p>
      <p class="meta">\(escapeHTML(note))</p>
      <p><button>\(escapeHTML(button))</button></p></form>
      """
  }

  /// How long an act holds.
  public static func hours(_ language: Language) -> Choice {
    Choice(
      name: "hours", label: language("Pendant", "For"),
      options: [1, 2, 4, 8, 12, 24, 48, 72, 168].map { hours in
        hours <= 24
          ? ("\(hours)", language("\(hours) h", hours == 1 ? "1 hour" : "\(hours) hours"))
          : ("\(hours)", language("\(hours / 24) jours", "\(hours / 24) days"))
      })
  }
}
