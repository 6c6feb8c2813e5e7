// tonnelle status: how a running gateway is doing, asked on its operators' port.

internal import CLibc
internal import Configuration
internal import Glibc
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
    let gateway = try OperatorsClient(loaded)
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

/// Asks a gateway on this machine's own operators' port.
///
/// One request a connection, in HTTP/1.0: the answer's body is all that comes behind the empty line.
struct OperatorsClient {
  private let address: String
  private let port: Int
  private let token: String

  init(_ loaded: LoadedConfiguration) throws(CommandFailure) {
    let settings = loaded.configured.settings
    address = settings.operatorsPort.address == "0.0.0.0" ? "127.0.0.1" : settings.operatorsPort.address
    port = settings.operatorsPort.port
    let path = settings.operatorsTokenFile.map { loaded.path(of: $0) } ?? loaded.dataFolder + "/operators.token"
    guard let bytes = Files.read(path), let first = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
    else { throw CommandFailure("the operators' token in \(path) cannot be read: has the gateway run yet?") }
    token = String(first)
  }

  /// The answer to a request, which is JSON.
  func document(_ path: String) throws(CommandFailure) -> JSONValue {
    let answer = try get(path)
    do {
      return try JSONDocument(answer).root
    } catch {
      throw CommandFailure("the gateway's answer cannot be read: \(error)")
    }
  }

  private func get(_ path: String) throws(CommandFailure) -> [UInt8] {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw CommandFailure("no socket: \(Files.reason())") }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = in_port_t(UInt16(port)).bigEndian
    guard unsafe inet_pton(AF_INET, address, &target.sin_addr) == 1 else {
      throw CommandFailure("the operators' address \(address) is not an IPv4 address")
    }
    let connected = unsafe withUnsafePointer(to: &target) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      throw CommandFailure("no gateway answers on \(address):\(port): \(Files.reason())")
    }
    let request = Array("GET \(path) HTTP/1.0\r\nHost: \(address)\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
    _ = unsafe request.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      guard count >= 0 else { throw CommandFailure("the gateway does not answer: \(Files.reason())") }
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    let text = answer.split(separator: 0x0D, maxSplits: 1).first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard text.hasSuffix(" 200 OK"), let end = answer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
      throw CommandFailure(
        text.contains(" 503 ") ? "the gateway is still reading its journal" : "the gateway answers \"\(text)\"")
    }
    return Array(answer[end...])
  }
}
