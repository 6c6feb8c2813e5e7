// tonnelle status: how a running gateway is doing, asked on its operators' port.

internal import JSONText

enum StatusCommand: Command {
  static let name = "status"
  static let summary =
    "Says how a running gateway is doing: broker, journal, checkpoint, sensors, and what became of every reading."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the gateway's settings"),
    OptionSpec(name: "json", value: nil, help: "one JSON object"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let gateway = try GatewayClient(loaded)
    let (status, ledger) = (try gateway.document("/api/status"), try gateway.document("/api/ledger"))
    if arguments.has("json") {
      var json = JSONWriter()
      json.object { json in
        json.member("status", raw: String(decoding: status.slice, as: UTF8.self))
        json.member("ledger", raw: String(decoding: ledger.slice, as: UTF8.self))
      }
      Terminal.print(json.bytes + [0x0A])
    } else {
      Terminal.print(try text(status, ledger))
    }
    return ledger["balanced"]?.bool == true ? ExitCode.done : ExitCode.failed
  }

  private static func text(_ status: JSONValue, _ ledger: JSONValue) throws(CommandFailure) -> String {
    func number(_ value: JSONValue, _ key: String) -> Int { value[key]?.integer ?? 0 }
    let position = number(status, "journal_position")
    let checkpoint = number(status, "checkpoint")
    var lines = ["\(status["city"]?.string ?? ""), \(status["at"]?.string ?? "")", ""]
    func line(_ name: String, _ text: String) { lines.append(name.padding(to: 12) + "  " + text) }
    line(
      "broker",
      status["broker_connected"]?.bool == true
        ? "connected" : "not connected: \(status["broker_reason"]?.string ?? "not yet")")
    line("store", status["store_working"]?.bool == true ? "working" : status["store_reason"]?.string ?? "not working")
    line("journal", "entry \(position)")
    line(
      "checkpoint",
      checkpoint == 0
        ? "none yet"
        : "number \(checkpoint), a start would read \(position - number(status, "checkpoint_first")) entries")
    let sensors = status["sensors"].map { Array($0.elements) } ?? []
    let silent = sensors.filter { $0["alive"]?.bool != true }
    line("places", "\(number(status, "places_ready")) of \(number(status, "places")) ready")
    line("sensors", "\(sensors.count - silent.count) of \(sensors.count) heard")
    for sensor in silent {
      line(
        "", "\(sensor["id"]?.string ?? "") silent\(sensor["last"]?.string.map { " since \($0)" } ?? ", never heard")")
    }
    lines.append("")
    line("messages", "\(number(ledger, "messages"))")
    line("commands", "\(number(ledger, "commands"))")
    lines.append("")
    let names = ["received", "accepted", "redelivered"]
    let refused = { (account: JSONValue) in
      account.members.filter { $0.key.hasPrefix("refused_") }.map { ($0.key.dropFirst(8), $0.value.integer ?? 0) }
    }
    func row(_ name: String, _ account: JSONValue) {
      let counts = names.map { "\($0) \(number(account, $0))" } + refused(account).map { "refused \($0.0) \($0.1)" }
      lines.append(name.padding(to: 24) + "  " + counts.joined(separator: ", "))
    }
    row("all readings", ledger)
    for source in ledger["sources"].map({ Array($0.members) }) ?? [] where number(source.value, "received") > 0 {
      row("  " + source.key, source.value)
    }
    if let others = ledger["others"], number(others, "received") > 0 { row("  (no sensor)", others) }
    lines.append(
      ledger["balanced"]?.bool == true
        ? "every reading is accounted for" : "the account does not balance: please report this")
    return lines.joined(separator: "\n") + "\n"
  }
}
