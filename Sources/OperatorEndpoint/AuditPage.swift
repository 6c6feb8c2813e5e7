// What people on duty did, and whom the settings do not know.

internal import CoolIslands
internal import Pages
internal import Quantities
internal import Store

struct AuditPage {
  let call: Call
  let acts: [Act]
  /// How many fit on the page.
  let most: Int

  var body: OperatorBody {
    let language = call.language
    let zone = call.facts.view.zone
    let title = language("Décisions", "Decisions")
    let rows = acts.map { act in
      let at = Instant(milliseconds: act.at)
      let change =
        act.refusal.map { language("refusé : ", "refused: ") + Sentences.text($0, language) }
        ?? [act.before, act.after].map { OperatorTerms.state($0, language) }.joined(separator: " → ")
      let topic = act.what.split(separator: "/").dropFirst(3).joined(separator: "/")
      return operatorRow([
        escapeHTML(language.date(zone.civil(at).day) + " " + language.time(at, zone)),
        escapeHTML(
          (act.by ?? language("sans nom", "no name given"))
            + (act.isFromPort ? "" : language(", par MQTT", ", by MQTT"))), escapeHTML(topic), escapeHTML(change),
        escapeHTML(act.reason ?? language("sans raison", "no reason given")),
      ])
    }
    let older =
      acts.count < most
      ? ""
      : "<p><a href=\"/audit?before=\(acts.last?.position ?? 0)&lang=\(language.rawValue)\">\(language("Plus anciennes", "Older ones"))</a></p>"
    return OperatorBody(
      title: title,
      html: """
        <h1>\(title)</h1>
        \(operatorTable(
          language("La plus récente d'abord", "The newest first"),
          language == .fr ? ["Quand", "Qui", "Quoi", "Avant → après", "Pourquoi"] : ["When", "Who", "What", "Before → after", "Why"],
          rows))
        \(older)
        """)
  }
}

struct UnknownPage {
  let call: Call

  var body: OperatorBody {
    let language = call.language
    let title = language("Capteurs inconnus", "Unknown sensors")
    let rows = call.facts.strangers.newest.map { row in
      operatorRow([
        escapeHTML("\(row.stranger.family) \(row.stranger.identity)"), String(row.count),
        escapeHTML(language.moment(row.last, from: call.facts.view.at, call.facts.view.zone)),
        "<code>\(escapeHTML(row.stranger.settingsLine))</code>",
      ])
    }
    let html =
      rows.isEmpty
      ? "<p>\(language("Tout ce qui parle est dans les réglages.", "All that speaks is in the settings."))</p>"
      : operatorTable(
        language(
          "Entendus, absents des réglages ; les plus récents d'abord",
          "Heard, and not in the settings; the newest first"),
        language == .fr
          ? ["Identité", "Messages", "Dernier", "Ligne à coller"] : ["Identity", "Messages", "Last", "Line to paste"],
        rows)
    return OperatorBody(title: title, html: "<h1>\(title)</h1>\(html)")
  }
}
