// A page of text as one file that needs nothing else: for printing, for mail, for an archive.

extension DocumentPage {
  /// The page with its style inside, laid out for A4.
  ///
  /// - Parameter language: the reader's.
  /// - Returns: a whole document; its links lead nowhere but into itself.
  public func printed(_ language: Language) -> String {
    """
    <!doctype html>
    <html lang="\(language.rawValue)">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>\(escapeHTML("\(title) · \(cityName)"))</title>
    <style>
    \(Assets.styleSheet)\(Self.paper)</style>
    </head>
    <body class="wide">
    <header><span class="brand">Tonnelle · \(escapeHTML(cityName))</span></header>
    <main id="main">
    <h1>\(escapeHTML(title))</h1>
    \(parts.map(html).joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  /// What paper needs beside the style of all pages: black on white, small tables whose heads come again on each sheet.
  private static let paper = """
    .season .day { stroke: var(--closed); stroke-width: var(--bar); } .season .hot { stroke: var(--warm); stroke-width: var(--bar); }
    .season .limit { stroke: var(--text); stroke-width: 1; stroke-dasharray: 6 4; }
    .table td, .table th { font-size: .85rem; padding: 4px 12px 4px 0; } .table thead th { white-space: normal; }
    @page { size: A4; margin: 15mm; }
    @media print {
      :root { --text: #000000; --page: #FFFFFF; --panel: #FFFFFF; --line: #999999; --closed: #56606B; --warm: #A8320F; }
      html { font-size: 10pt; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } thead { display: table-header-group; } caption, thead { break-after: avoid; }
      .table { overflow: visible; } .table td, .table th { font-size: 8pt; padding: 2px 6px 2px 0; }
    }

    """
}
