// tonnelle record: what a broker says, as a trace.

internal import Configuration
internal import Core
internal import Gateway
internal import Glibc
internal import MQTTLink
internal import Quantities
internal import Synchronization

enum RecordCommand: Command {
  static let name = "record"
  static let summary = "Writes what a broker sends as a trace, one JSON object a line, until Ctrl-C."
  static let operands = "[FILTER…]"
  static let options = [
    OptionSpec(name: "broker", value: "HOST[:PORT]", help: "the broker; 127.0.0.1:1883 if nothing is said"),
    OptionSpec(name: "config", value: "FILE", help: "the settings, for broker and subscriptions"),
    OptionSpec(name: "count", value: "N", help: "stop after N messages"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    var options = LinkOptions(
      host: "127.0.0.1", port: 1883, clientID: "tonnelle-record-\(getpid())", keepsSession: false)
    var filters = arguments.operands
    if let path = arguments["config"] {
      let loaded = try LoadedConfiguration.load(path, quietly: true)
      options = try loaded.linkOptions()
      options.clientID = "tonnelle-record-\(getpid())"
      options.keepsSession = false  // the gateway's own session is not to be touched
      if filters.isEmpty { filters = loaded.configured.settings.subscriptions.map(\.filter) }
    }
    if let broker = arguments["broker"] { (options.host, options.port) = try BrokerClient.address(broker) }
    if filters.isEmpty { filters = ["tonnelle/v1/up/+/+"] }
    let limit = try arguments.integer("count", in: 1...Int.max)
    let client = try BrokerClient(options)
    try client.subscribe(filters, qos: 1)
    let stopped = Flag()
    let signals = Signals()
    for number in [SIGINT, SIGTERM] { signals.on(number) { stopped.raise() } }
    var recorded = 0
    while !stopped.isRaised {
      var lines = JSONLines()
      for event in client.pump(milliseconds: 200) {
        switch event {
        case .message(let message) where limit.map({ recorded < $0 }) ?? true:
          recorded += 1
          lines.append(
            .message(
              Message(
                arrival: Timebase.wallClock(), topic: message.topic, payload: message.payload, qos: message.qos,
                isRetained: message.isRetained, packet: message.qos > 0 ? message.packet : nil)))
        case .lost(let reason): throw CommandFailure("the connection to the broker ended: \(reason)")
        case .subscribed(_, let accepted) where accepted.contains(false):
          throw CommandFailure("the broker refuses a subscription: check its access rules")
        default: break
        }
      }
      Terminal.print(lines.bytes)
      if let limit, recorded >= limit { break }
    }
    client.disconnect()
    if Terminal.isWatched { Terminal.error("\(recorded) messages\n") }
    return ExitCode.done
  }
}

/// Something that happened once and cannot be undone.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  func raise() { value.store(true, ordering: .releasing) }
  var isRaised: Bool { value.load(ordering: .acquiring) }
}
