// tonnelle demo: a whole city on one machine, from recorded days.

internal import Configuration
internal import CoolIslands
internal import Core
internal import Dispatch
internal import Gateway
internal import Glibc
internal import JSONText
internal import Quantities
internal import Store

enum DemoCommand: Command {
  static let name = "demo"
  static let summary = "Plays recorded days into a private broker and shows the live page, at 60 times their pace."
  static let operands = ""
  static let options = [
    OptionSpec(name: "port", value: "N", help: "the public port; 8080 if nothing is said"),
    OptionSpec(name: "operator-port", value: "N", help: "the operators' port; 8081 if nothing is said"),
    OptionSpec(name: "speed", value: "N", help: "how many times as fast as recorded; 60 if nothing is said"),
    OptionSpec(name: "data", value: "FOLDER", help: "the demonstration's data; Config/demo if nothing is said"),
    OptionSpec(name: "keep", value: nil, help: "keep the data folder, and say where it is"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let publicPort = try arguments.integer("port", in: 0...65535) ?? 8080
    let operatorsPort = try arguments.integer("operator-port", in: 0...65535) ?? 8081
    let speed = Int64(try arguments.integer("speed", in: 1...3600) ?? 60)
    let source = if let named = arguments["data"] { named } else { try findData() }

    // What a signal must end is registered before it is begun.
    let stopped = Flag()
    let signals = Signals()
    for number in [SIGINT, SIGTERM, SIGHUP] { signals.on(number) { stopped.raise() } }
    let folder = try Files.temporaryFolder("tonnelle-demo")
    defer {
      if arguments.has("keep") {
        Terminal.error("the data folder is kept: \(folder)\n")
      } else {
        Files.remove(folder: folder)
      }
    }
    Log.setMinimum(.warning)
    let series = try DemoSeries.load(folder: source)
    let broker = try DemoBroker(folder: folder)
    defer { broker.stop() }
    Terminal.error("mosquitto     127.0.0.1:\(broker.port), process \(broker.process), in \(folder)\n")
    let settings = try writeSettings(
      from: source, to: folder, speed: speed, broker.port, publicPort, operatorsPort)
    let loaded = try LoadedConfiguration.load(settings, quietly: true)
    let preloaded = try preload(series, loaded)
    Memory.giveBack()
    Terminal.error(
      "days before   \(preloaded) messages, from \(loaded.configured.city.zone.text(series.historyStart))\n")

    var origin = Timebase.uptime()
    let service = try Service(loaded) {
      origin = Timebase.uptime()
      return .scaled(start: series.start, factor: speed, origin: origin)
    }
    let base = Timebase.scaled(start: series.start, factor: speed, origin: origin)
    Terminal.error(
      """
      page          http://127.0.0.1:\(service.publicPort)/
      operators     http://127.0.0.1:\(service.operatorsPort)/?token=\(service.token)
      clock         \(loaded.configured.city.zone.text(series.start)), \(speed) times as fast; Ctrl-C stops

      """)
    let player = try DemoPlayer(series, port: broker.port)
    var shown: Int64 = 0
    while !stopped.isRaised {
      let moment = base.moment()
      try player.play(until: moment.core)
      guard moment.uptime.milliseconds - shown >= (Terminal.isWatched ? 1000 : 30_000) else { continue }
      shown = moment.uptime.milliseconds
      let line =
        "\(loaded.configured.city.zone.text(Instant(seconds: moment.core.seconds)))  \(player.published) messages"
      Terminal.error(Terminal.isWatched ? "\r\(line)\u{1B}[K" : line + "\n")
    }
    if Terminal.isWatched { Terminal.error("\n") }
    player.stop()
    service.stop()
    return ExitCode.done
  }

  /// The demonstration's data: here, beside the program's sources, or where the package puts it.
  private static func findData() throws(CommandFailure) -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &path, path.count - 1)
    let program = count > 0 ? String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    let parts = program.split(separator: "/").dropLast()
    let above = (0...parts.count).reversed().map { "/" + parts.prefix($0).joined(separator: "/") + "/Config/demo" }
    let candidates = ["Config/demo"] + above + ["/usr/share/tonnelle/demo"]
    guard let found = candidates.first(where: { Files.exists($0 + "/demo.json") }) else {
      throw CommandFailure("the demonstration's data is not found; say --data FOLDER")
    }
    return found
  }

  /// The shipped settings with this run's ports; everything else is as a city would write it.
  private static func writeSettings(
    from source: String, to folder: String, speed: Int64, _ broker: Int, _ publicPort: Int, _ operatorsPort: Int
  ) throws(CommandFailure) -> String {
    guard let text = Files.read(source + "/settings.json"), let places = Files.read(source + "/places.geojson") else {
      throw CommandFailure("\(source) holds no settings.json or no places.geojson")
    }
    var replaced = String(decoding: text, as: UTF8.self)
    for (old, new) in [
      ("\"port\": 1883", "\"port\": \(broker)"), ("\"port\": 8080", "\"port\": \(publicPort)"),
      ("\"port\": 8081", "\"port\": \(operatorsPort)"), ("{speed}", String(speed)),
    ] { replaced = replaced.replacing(old, with: new) }
    try Files.writePrivate(replaced, to: folder + "/settings.json")
    try Files.writePrivate(String(decoding: places, as: UTF8.self), to: folder + "/places.geojson")
    for name in ConfigurationReader.calendarNames(inPlaces: places) {
      guard let calendar = Files.read(source + "/" + name) else { throw CommandFailure("\(source) holds no \(name)") }
      try Files.writePrivate(String(decoding: calendar, as: UTF8.self), to: folder + "/" + name)
    }
    return folder + "/settings.json"
  }

  /// Writes the days before into the journal, as if the gateway had been there; its recovery does the rest.
  private static func preload(_ series: DemoSeries, _ loaded: LoadedConfiguration) throws(CommandFailure) -> Int {
    let lock: FolderLock
    do {
      lock = try FolderLock(folder: loaded.dataFolder)
    } catch {
      throw CommandFailure(error.description)
    }
    defer { withExtendedLifetime(lock) {} }
    do {
      let journal = try Database(folder: loaded.dataFolder)
      try journal.append([.configuration(series.historyStart, loaded.text)])
      var batch: [Entry] = []
      var count = 0
      var history = series.history()
      while let message = history.next(until: series.start - .milliseconds(1)) {
        batch.append(
          .message(Message(arrival: message.at, topic: message.topic, payload: message.payload, qos: 1)))
        count += 1
        guard batch.count == 5000 else { continue }
        try journal.append(batch)
        batch = []
      }
      try journal.append(batch)
      return count
    } catch {
      throw CommandFailure(error.description)
    }
  }
}
