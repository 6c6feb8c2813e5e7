// tonnelle unknown: who speaks on subscribed topics and stands in no setting.

internal import Glibc
internal import JSONText

enum UnknownCommand: Command {
  static let name = "unknown"
  static let summary =
    "Lists the devices that a running gateway hears and its settings do not know, with a line to paste."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the gateway's settings"),
    OptionSpec(name: "json", value: nil, help: "one JSON object a line"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let answer = try GatewayClient(loaded).document("/api/unknown")
    for row in answer.elements {
      if arguments.has("json") {
        Terminal.print(Array(row.slice) + [0x0A])
        continue
      }
      let (decoder, identity) = (row["decoder"]?.string ?? "", row["identity"]?.string ?? "")
      let (messages, last) = (row["messages"]?.integer ?? 0, row["last"]?.string ?? "")
      Terminal.print("// \(decoder) \(identity): \(messages) messages, the last at \(last)\n")
      Terminal.print((row["settings"]?.string ?? "") + ",\n")
    }
    if answer.elements.first(where: { _ in true }) == nil, isatty(1) == 1 {
      Terminal.print("every device that was heard since the gateway started stands in the settings\n")
    }
    return ExitCode.done
  }
}
