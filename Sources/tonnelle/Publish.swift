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
    var names: Set<String> = []
    var next: Int? = 0
    while let from = next {
      let answer = try client.document("/api/export?minutes=\(minutes)&from=\(from)")
      guard let files = answer["files"].map({ Array($0.elements) }), !files.isEmpty else {
        throw CommandFailure("the gateway's answer is not an export")
      }
      for file in files {
        // A name is one of ours: nothing of it may lead out of the folder.
        guard let name = file["name"]?.string, let text = file["text"]?.string, !name.contains("/"),
          !name.hasPrefix(".")
        else { throw CommandFailure("the gateway's answer is not an export") }
        try Files.replace(folder + "/" + name, with: Array(text.utf8), isDurable: false)
        names.insert(name)
      }
      next = answer["next"]?.integer
    }
    for name in Files.names(in: folder) where isPlacePage(name) && !names.contains(name) {
      Files.remove(folder + "/" + name)
    }
    return names.count
  }

  /// Whether a file's name is one that an export gives a place's page; other files are somebody else's.
  private static func isPlacePage(_ name: String) -> Bool {
    guard name.hasPrefix("place-"), name.hasSuffix(".html") else { return false }
    var id = name.dropFirst("place-".count).dropLast(".html".count)
    if id.hasSuffix(".en") { id = id.dropLast(".en".count) }
    return !id.isEmpty
      && id.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }
}
