// What people on duty do: each act is a command of the journal, with a name, a reason and an end.

internal import CoolIslands
internal import HTTPServer
internal import JSONText
internal import Pages
internal import Quantities
internal import Store
internal import Synchronization

extension OperatorSite {
  func setHeat(_ call: Call) -> Reply {
    if call.form["level"] == "none" {
      return act(call, "heat", from: "/heat") { json in json.member("level", raw: "null") }
    }
    guard let level = call.form["level"].flatMap({ Int($0) }), (1...4).contains(level) else {
      return refuse(call, "\"level\" is 1, 2, 3, 4 or none")
    }
    return act(call, "heat", from: "/heat", hasEnd: true) { json in json.member("level", level) }
  }

  func setOpening(_ call: Call) -> Reply {
    guard call.facts.view.places.contains(where: { $0.id == call.id }) else { return noSuch("place") }
    let state = call.form["state"] ?? ""
    guard ["open", "closed", "regular"].contains(state) else {
      return refuse(call, "\"state\" is open, closed or regular")
    }
    let page = "/places/\(call.id)"
    return act(call, "places/\(call.id)/override", from: page, hasEnd: state != "regular") { json in
      json.member("state", state)
    }
  }

  func setMaintenance(_ call: Call) -> Reply {
    guard call.facts.view.sensors.contains(where: { $0.sensor.id == call.id }) else { return noSuch("sensor") }
    let topic = "sensors/\(call.id)/maintenance"
    if call.form["end"] != nil {
      return act(call, topic, from: "/sensors") { json in json.member("until", raw: "null") }
    }
    return act(call, topic, from: "/sensors", hasEnd: true) { _ in }
  }

  /// Gives a command and shows what became of it: the page again, or a refusal.
  private func act(
    _ call: Call, _ topic: String, from page: String, hasEnd: Bool = false, _ body: (inout JSONWriter) -> Void
  ) -> Reply {
    let reason = (call.form["reason"] ?? "").filter { !$0.isNewline }
    guard reason.contains(where: { !$0.isWhitespace }), reason.count <= 500 && reason.utf8.count <= 2000 else {
      return refuse(
        call,
        call.language(
          "une raison est demandée, en 500 signes au plus", "a reason is asked for, of at most 500 characters"))
    }
    var until: Instant?
    if hasEnd {
      until = end(call)
      guard let until, until > call.facts.view.at, until <= call.facts.view.at + .days(31) else {
        return refuse(
          call, call.language("une fin est demandée, dans les 31 jours", "an end is asked for, within 31 days"))
      }
    }
    var json = JSONWriter()
    json.object { json in
      body(&json)
      json.member("by", call.caller.name)
      json.member("reason", reason)
      json.member(ifPresent: "until", until.map(call.facts.view.zone.text))
    }
    let outcome =
      call.facts.storeReason == nil ? options.act("tonnelle/v1/command/\(topic)", json.bytes) : ActOutcome.notDone
    switch outcome {
    case .refused(let sentence): return refuse(call, Sentences.text(sentence, call.language))
    case .accepted:
      guard call.caller.formToken == nil else { return seeOther(page, call) }
      return document("application/json", Array(#"{"accepted":true}"#.utf8), for: call)
    case .notDone:
      return refuse(
        call,
        call.language(
          "rien ne peut être enregistré en ce moment : cela n'a pas été fait et ne le sera pas ; recommencez",
          "nothing can be stored at the moment: this was not done and will not be; do it again"), status: 503)
    }
  }

  /// When an act ends: so many hours from now, or at a moment.
  private func end(_ call: Call) -> Instant? {
    // A plus sign in a form means a space, and few people write %2B.
    if let text = call.form["until"], !text.isEmpty { return Instant(rfc3339: text.replacing(" ", with: "+")) }
    return call.form["hours"].flatMap { Int64($0) }.flatMap {
      (1...744).contains($0) ? call.facts.view.at + .hours($0) : nil
    }
  }

  private func seeOther(_ page: String, _ call: Call) -> Reply {
    .response(
      Response(
        status: 303,
        headers: [("Location", "\(page)?lang=\(call.language.rawValue)"), ("Cache-Control", "no-store")], body: []))
  }

  private func refuse(_ call: Call, _ sentence: String, status: Int = 400) -> Reply {
    guard call.caller.formToken != nil else { return .response(.problem(status, "Refused", sentence)) }
    let title = call.language("Refusé", "Refused")
    let body = OperatorBody(
      title: title,
      html: """
        <h1>\(title)</h1><p class="notice" role="alert">\(escapeHTML(sentence))</p>
        <p>\(call.language("Revenez à la page précédente : ce que vous avez écrit y est encore.", "Go back to the page before: what you wrote is still there."))</p>
        """)
    let page = OperatorPage(
      language: call.language, cityName: call.facts.view.cityName, caller: call.caller.name, path: nil, body: body)
    return document("text/html; charset=utf-8", Array(page.html.utf8), status: status, for: call)
  }

  private func noSuch(_ what: String) -> Reply { .response(.problem(404, "Not found", "there is no such \(what)")) }

  // MARK: The audit log

  private static let actsShown: Int64 = 200

  private func acts(_ call: Call) throws(StoreError) -> [Act] {
    let before = call.request.query.first { $0.name == "before" }.flatMap { Int64($0.value) }
    return try reader.withLock { $0 }?.acts(before: before, limit: Self.actsShown) ?? []
  }

  func audit(_ call: Call) -> Reply {
    do throws(StoreError) {
      return page(call, AuditPage(call: call, acts: try acts(call), most: Int(Self.actsShown)).body)
    } catch {
      return .response(.problem(503, "The audit log cannot be read", error.description))
    }
  }

  func auditDocument(_ call: Call) -> Reply {
    do throws(StoreError) {
      let acts = try acts(call)
      var json = JSONWriter()
      json.array { json in
        for act in acts {
          json.object { json in
            json.member("entry", act.position)
            json.member("at", call.facts.view.zone.text(Instant(milliseconds: act.at)))
            json.member("command", act.what)
            json.member(ifPresent: "by", act.by)
            json.member(ifPresent: "reason", act.reason)
            json.member("channel", act.isFromPort ? "port" : "mqtt")
            json.member("before", act.before)
            json.member("after", act.after)
            json.member(ifPresent: "refused_because", act.refusal)
          }
        }
      }
      return document("application/json", json.bytes, for: call)
    } catch {
      return .response(.problem(503, "The audit log cannot be read", error.description))
    }
  }
}

extension OperatorsView {
  /// Every sensor with its place; stations have none.
  var sensors: [(place: PlaceRow?, sensor: SensorRow)] {
    places.flatMap { place in place.sensors.map { (place, $0) } } + stations.map { (nil, $0) }
  }
}
