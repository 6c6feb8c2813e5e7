// The sign at a gate: read from eight metres, touched by nobody, right or silent.

/// What a sign says.
public struct SignPage: Sendable {
  /// What the list says of the place.
  public var item: ListItem
  /// The city's name.
  public var cityName: String
  /// Air temperature and difference, large.
  public var temperature: String?
  /// Today's hours, by all that is known: a closing that the city decided is in them.
  public var today: String
  /// The day that they are of.
  public var day: String
  /// Milliseconds until that day is over.
  public var restOfDay: Int64
  /// The nearest other place that is open, and how to get there.
  public var other: String?
  /// The place's own page, which the QR code leads to.
  public var address: String
  /// Its QR code; nil where none can be made.
  public var code: QRCode?
  /// What visitors must know about the values.
  public var notice: String?

  /// A sign.
  public init(
    item: ListItem, cityName: String, temperature: String?, today: String, day: String, restOfDay: Int64,
    other: String?, address: String,
    code: QRCode?, notice: String?
  ) {
    self.item = item
    self.cityName = cityName
    self.temperature = temperature
    self.today = today
    self.day = day
    self.restOfDay = restOfDay
    self.other = other
    self.address = address
    self.code = code
    self.notice = notice
  }

  /// The page for a screen: the script renews it, and hides what is older than 15 minutes.
  public func html(_ words: Words) -> String {
    let language = words.language
    let observed =
      item.observedAt.map {
        "<p class=\"observed\">\(escapeHTML(words.measured(at: $0)))</p>"
      } ?? ""
    return """
      <!doctype html>
      <html lang="\(language.rawValue)">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
      <title>\(escapeHTML("\(item.name)\(language(" : ", ": "))\(item.headline)"))</title>
      <link rel="stylesheet" href="/sign.css">
      <link rel="icon" href="/icon.svg" type="image/svg+xml">
      <script src="/sign.js" defer></script>
      </head>
      <body>
      \(Sprite.svg)
      <main id="sign" class="\(item.state.rawValue)" data-place="\(item.id)" data-rest="\(restOfDay)" data-lost="\(language("Connexion perdue. Dernier état connu :", "Connection lost. Last known state:"))" data-old="\(language("Pas de nouvelles depuis", "No news since"))">
      <header><h1>\(escapeHTML(item.name))</h1><p>\(escapeHTML(item.kind)) · \(escapeHTML(cityName))</p></header>
      <section class="live">
      <p class="state">\(Sprite.use("s-\(item.state.rawValue)", class: "shape"))<span>\(escapeHTML(item.headline))</span></p>
      \(temperature.map { "<p class=\"temperature\">\(escapeHTML($0))</p>" } ?? "")
      \(item.details.isEmpty ? "" : "<p class=\"details\">\(item.details.map(escapeHTML).joined(separator: ". ")).</p>")
      \(other.map { "<p class=\"other\">\(escapeHTML($0))</p>" } ?? "")
      \(observed)
      </section>
      <section class="hours"><h2>\(escapeHTML(day))</h2><p>\(escapeHTML(today))</p></section>
      <footer>\(code.map { $0.figure(language("Code QR de cette page", "QR code of this page")) } ?? "")<p>\(escapeHTML(address))</p>\(notice.map { "<p class=\"notice\">\(escapeHTML($0))</p>" } ?? "")<p id="connection" role="status"></p></footer>
      </main>
      </body>
      </html>

      """
  }

  /// A poster to print on A4, which says how to find out: paper does not know whether it is cool now.
  public func poster(_ words: Words) -> String {
    let language = words.language
    func text(_ y: Int, _ size: Int, _ text: String, bold: Bool = false) -> String {
      "<text x=\"105\" y=\"\(y)\" font-size=\"\(size)\" text-anchor=\"middle\"\(bold ? " font-weight=\"700\"" : "")>\(escapeHTML(text))</text>"
    }
    // Names are as long as they are: lines of 24 letters at most stay on the sheet.
    let lines = Self.lines(item.name, 24).prefix(3)
    let name = lines.enumerated().map { text(78 - (lines.count - $0) * 14, 12, $1, bold: true) }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297" width="210mm" height="297mm" font-family="system-ui, sans-serif" fill="#16211C" role="img" aria-label="\(escapeHTML(item.name))">
      <rect width="210" height="297" fill="#FFFFFF"/><rect width="210" height="16" fill="#0B6B4F"/>
      \(name.joined())
      \(text(78, 7, "\(item.kind) · \(cityName)"))
      \(text(104, 9, language("Ouvert ? Frais ? Calme ? De la place ?", "Open? Cool? Quiet? Room left?"), bold: true))
      \(code.map { "<g transform=\"translate(50 122) scale(\(DayChart.text(110 / Double($0.size))))\"><path d=\"\($0.path)\"/></g>" } ?? "")
      \(text(248, 7, language("Scannez le code, ou ouvrez :", "Scan the code, or open:")))
      \(text(260, address.utf8.count > 48 ? 4 : 6, address))
      \(text(284, 5, "Tonnelle"))
      </svg>

      """
  }

  /// Words in lines of so many letters; a longer word has a line of its own.
  private static func lines(_ text: String, _ width: Int) -> [String] {
    text.split(separator: " ").reduce(into: [String]()) { lines, word in
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
  }
}

/// A QR code as squares.
public struct QRCode: Hashable, Sendable {
  /// Squares of a side, with the quiet border.
  public let size: Int
  /// The dark squares as an SVG path, a unit a square.
  public let path: String

  /// Reads what `qrencode -t ASCII` prints: two characters a square, `##` where it is dark.
  public init?(ascii text: [UInt8]) {
    let rows = text.split(separator: 0x0A).map(Array.init)
    guard let width = rows.first?.count, width == rows.count * 2, width > 40,
      rows.allSatisfy({ $0.count == width })
    else { return nil }
    size = rows.count
    path = rows.enumerated().map { y, row in
      (0..<rows.count).filter { row[$0 * 2] == 0x23 }.map { "M\($0) \(y)h1v1h-1z" }.joined()
    }.joined()
  }

  fileprivate func figure(_ name: String) -> String {
    "<svg class=\"code\" viewBox=\"0 0 \(size) \(size)\" role=\"img\" aria-label=\"\(escapeHTML(name))\"><path d=\"M0 0h\(size)v\(size)H0z\" fill=\"#FFFFFF\"/><path d=\"\(path)\" fill=\"#000000\"/></svg>"
  }
}

extension Assets {
  /// The sign's style: everything in shares of the screen, upright or lying.
  public static let signStyle = """
    :root { --text: #16211C; --page: #FFFFFF; --panel: #F4F7F5;
      --available: #0B6B4F; --crowded: #8A5300; --warm: #A8320F; --closed: #56606B; --unknown: #46568A; }
    @media (prefers-color-scheme: dark) { :root { --text: #E8EFEB; --page: #101614; --panel: #1A2320;
      --available: #5FD3A8; --crowded: #F0B45A; --warm: #FF9472; --closed: #A3ADB8; --unknown: #A9B8EC; } }
    * { box-sizing: border-box; margin: 0; } .sprite { position: absolute; }
    html { font: 2.4vmin/1.35 system-ui, sans-serif; color: var(--text); background: var(--page); font-variant-numeric: tabular-nums; }
    main { min-height: 100vh; padding: 4vmin; display: grid; gap: 3vmin; grid-template-rows: auto 1fr auto auto; overflow-wrap: anywhere; }
    h1 { font-size: 7vmin; line-height: 1.1; } header p { font-size: 3.2vmin; } h2 { font-size: 3.6vmin; }
    .state { font-size: 10vmin; line-height: 1.1; font-weight: 700; } .shape { width: .8em; height: .8em; margin-right: .3em; vertical-align: -.06em; }
    .available .state, .unmeasured .state { color: var(--available); } .crowded .state { color: var(--crowded); } .warm .state { color: var(--warm); }
    .closed .state { color: var(--closed); } .unknown .state { color: var(--unknown); }
    .temperature { font-size: 8vmin; margin-top: 2vmin; } .details { font-size: 4vmin; margin-top: 2vmin; } .other { font-size: 4.4vmin; margin-top: 3vmin; padding: 2vmin; background: var(--panel); border-radius: 8px; }
    .observed { font-size: 3vmin; margin-top: 2vmin; } .hours { font-size: 4.4vmin; }
    footer { display: grid; grid-template-columns: auto 1fr; gap: 1vmin 3vmin; align-items: center; font-size: 2.4vmin; } .code { width: 22vmin; height: 22vmin; grid-row: span 4; }
    .notice { font-size: 2vmin; } #connection { font-weight: 700; font-size: 3vmin; } .old .live, .over .hours { display: none; } .old .hours { font-size: 8vmin; align-self: center; }
    @media (min-aspect-ratio: 1/1) { main { grid-template-columns: 3fr 2fr; grid-template-rows: auto 1fr auto; } header, .live { grid-column: 1; } .live { grid-row: 2 / 4; } .hours { grid-column: 2; grid-row: 1 / 3; } footer { grid-column: 2; grid-row: 3; } .code { width: 28vmin; height: 28vmin; } }

    """

  /// The sign's script: renews itself, says the time of what it shows when it cannot, and after 15 minutes the hours only.
  public static let signScript = """
    "use strict";
    (() => {
      const page = document.documentElement;
      // Only a page that came is news: that somebody answers is none.
      let heard = Date.now(), waiting = null, lost = false;
      const clock = () => new Date(heard).toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit" });
      const refresh = async () => {
        waiting = null;
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
        const fresh = answer && answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("sign") : null;
        if (fresh) {
          document.getElementById("sign").replaceWith(document.importNode(fresh, true));
          heard = Date.now();
        }
        lost = !fresh;
        tell();
      };
      const tell = () => {
        const sign = document.getElementById("sign"), age = Date.now() - heard;
        sign.classList.toggle("old", age >= 15 * 60000);
        sign.classList.toggle("over", age >= Number(sign.dataset.rest));
        document.getElementById("connection").textContent = age >= 15 * 60000 ? sign.dataset.old + " " + clock() : lost ? sign.dataset.lost + " " + clock() : "";
      };
      const soon = () => { if (!waiting) waiting = setTimeout(refresh, Math.random() * 1000); };
      const connect = () => {
        const source = new EventSource("/events?state=false&place=" + document.getElementById("sign").dataset.place);
        let isNew = true;
        source.addEventListener("now", () => { if (lost || isNew) soon(); isNew = false; });  // what changed before the stream
        source.addEventListener("place", soon);
        source.onerror = () => {
          if (source.readyState === EventSource.CLOSED) setTimeout(connect, 4000 + Math.random() * 4000);
          lost = isNew = true;
          tell();
        };
      };
      connect();
      setInterval(tell, 5000);
      setInterval(soon, 60000);
    })();

    """
}
