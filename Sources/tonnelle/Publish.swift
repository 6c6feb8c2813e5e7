// tonnelle publish: the site as files, so that people find a cool place when the gateway is down.

internal import Glibc
internal import JSONText

enum PublishCommand: Command {
  static let name = "publish"
  static let summary =
    "Writes the public pages and the places as GeoJSON to a folder, as files that any web server can serve."
  static let operands = "DIR"
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings of the gateway that runs on this machine"),
    OptionSpec(name: "valid", value: "MINUTES", help: "how long the pages say they are good; 30 if nothing is said"),
    OptionSpec(name: "every", value: "SECONDS", help: "go on, and write again so often"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    guard let folder = arguments.operands.first, arguments.operands.count == 1 else {
      throw CommandFailure("one folder is needed", code: ExitCode.usage)
    }
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let minutes = try arguments.integer("valid", in: 1...1440) ?? 30
    let client = try GatewayClient(loaded)
    try Files.makeFolder(folder)
    guard let seconds = try arguments.integer("every", in: 1...86_400) else {
      let count = try publish(client, to: folder, minutes)
      Terminal.error("\(count) files written to \(folder), good for \(minutes) minutes\n")
      return ExitCode.done
    }
    let stopped = Flag()
    let signals = Signals()
    for number in [SIGINT, SIGTERM] { signals.on(number) { stopped.raise() } }
    while !stopped.isRaised {
      do throws(CommandFailure) {
        let count = try publish(client, to: folder, minutes)
        Terminal.error("\(count) files written to \(folder)\n")
      } catch {
        // What was written stays, and says itself until when it is good.
        Terminal.error("nothing written: \(error.message)\n")
      }
      for _ in 0..<seconds * 10 where !stopped.isRaised { usleep(100_000) }
    }
    return ExitCode.done
  }

  /// Writes all files, each whole or not at all, and removes pages of places that are gone.
  private static func publish(_ client: GatewayClient, to folder: String, _ minutes: Int) throws(CommandFailure) -> Int
  {
    let files = try client.document("/api/export?minutes=\(minutes)")["files"].map { Array($0.elements) } ?? []
    var names: Set<String> = []
    for file in files {
      // A name is one of ours: nothing of it may lead out of the folder.
      guard let name = file["name"]?.string, let text = file["text"]?.string, !name.contains("/"), !name.hasPrefix(".")
      else { throw CommandFailure("the gateway's answer is not an export") }
      try Files.replace(folder + "/" + name, with: Array(text.utf8), isDurable: false)
      names.insert(name)
    }
    for name in Files.names(in: folder) where name.hasPrefix("place-") && !names.contains(name) {
      Files.remove(folder + "/" + name)
    }
    return names.count
  }
}
