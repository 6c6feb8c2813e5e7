// tonnelle replay: a trace through the core, or into a broker at a pace.

internal import Configuration
internal import CoolIslands
internal import Core
internal import Gateway
internal import Glibc
internal import JSONText
internal import MQTTLink
internal import Quantities
internal import SensorProtocol
internal import Store

enum ReplayCommand: Command {
  static let name = "replay"
  static let summary = "Replays a trace: prints one indicator transition a line, the same bytes every time."
  static let operands = "TRACE"
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings, for a trace that holds none"),
    OptionSpec(name: "config-only", value: nil, help: "with --config: ignore the configurations of the trace"),
    OptionSpec(name: "from", value: "TIME", help: "leave out what is earlier, except the configuration then in force"),
    OptionSpec(name: "to", value: "TIME", help: "leave out what is later"),
    OptionSpec(name: "topics", value: "FILTER", help: "leave out messages on other topics: tonnelle/v1/up/parc/+"),
    OptionSpec(name: "shift", value: "SPAN", help: "move it in time: -9d, 36h, 90m, 15s, or now"),
    OptionSpec(name: "anonymise", value: nil, help: "give devices and people other names, the same ones everywhere"),
    OptionSpec(name: "write", value: "FILE", help: "write what is left as a trace instead; - for standard output"),
    OptionSpec(name: "expect", value: "FILE", help: "compare the transitions with those of a file; 1 if they differ"),
    OptionSpec(name: "until", value: "TIME", help: "let time pass until then, and leave out what is later"),
    OptionSpec(name: "summary", value: nil, help: "print what is known at the end instead"),
    OptionSpec(name: "broker", value: "HOST[:PORT]", help: "publish the messages there instead"),
    OptionSpec(name: "speed", value: "N", help: "with --broker: N times as fast as recorded; 1 if nothing is said"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    guard arguments.operands.count == 1, let trace = arguments.operands.first else {
      throw CommandFailure(
        "one TRACE is expected: a file of JSON lines, - for standard input, or a data folder", code: ExitCode.usage)
    }
    let selection = try Selection(arguments)
    if let path = arguments["write"] { return try write(trace, selection, to: path) }
    if let broker = arguments["broker"] {
      let speed = try arguments.integer("speed", in: 1...1_000_000) ?? 1
      return try publish(trace, selection, to: try BrokerClient.address(broker), speed: Int64(speed))
    }
    let loaded = try arguments["config"].map { path throws(CommandFailure) in
      try LoadedConfiguration.load(path, quietly: true)
    }
    guard arguments["shift"] == nil || arguments["until"] == nil else {
      throw CommandFailure("--until does not go with --shift: say --to, in the trace's own time", code: ExitCode.usage)
    }
    guard loaded != nil || !arguments.has("config-only") else {
      throw CommandFailure("--config-only needs --config FILE", code: ExitCode.usage)
    }
    let expectation = try arguments["expect"].map { path throws(CommandFailure) in try Expectation(path) }
    var run = Run(
      loaded: loaded, selection: selection, until: try arguments.instant("until"),
      isQuiet: arguments.has("summary"), expectation: expectation)
    let skipped = try TraceFile.read(trace) { entry, progress throws(CommandFailure) in try run.take(entry, progress) }
    let isAsExpected = try run.finish()
    if arguments.has("summary") { Terminal.print(run.replayer.world.summary() + [0x0A]) }
    if skipped > 0 { Terminal.error("\(skipped) line\(skipped == 1 ? " was" : "s were") skipped\n") }
    return isAsExpected ? ExitCode.done : ExitCode.failed
  }

  /// Which entries of a trace count.
  private struct Selection {
    let from: Instant?
    let to: Instant?
    let topics: String?
    let withoutConfigurations: Bool
    private var shift: Shift?
    private var anonymiser: Anonymiser?

    init(_ arguments: Arguments) throws(CommandFailure) {
      from = try arguments.instant("from")
      to = try arguments.instant("to")
      topics = arguments["topics"]
      withoutConfigurations = arguments.has("config-only")
      shift = try arguments["shift"].map { text throws(CommandFailure) in try Shift(text, now: Timebase.wallClock()) }
      if arguments.has("anonymise") { anonymiser = Anonymiser() }
      if let from, let to, to < from { throw CommandFailure("--to lies before --from", code: ExitCode.usage) }
      guard topics.map(TopicFilter.isValid) ?? true else {
        throw CommandFailure(
          "--topics takes an MQTT filter such as tonnelle/v1/up/parc/+, not \"\(topics ?? "")\"", code: ExitCode.usage)
      }
    }

    /// An entry at its other time and with other names.
    mutating func rewritten(_ entry: Entry) -> Entry {
      guard anonymiser != nil || shift != nil else { return entry }
      var entry = entry
      if anonymiser != nil { entry = anonymiser?.apply(entry) ?? entry }
      if shift != nil { entry = shift?.apply(entry) ?? entry }
      return entry
    }

    func isEarly(_ entry: Entry) -> Bool { from.map { entry.at < $0 } ?? false }

    func includes(_ entry: Entry) -> Bool {
      if let to, entry.at > to { return false }
      switch entry {
      case .configuration: return !withoutConfigurations
      case .message(let message): return topics.map { TopicFilter.matches($0, message.topic) } ?? true
      case .command, .connected, .clock, .refused: return true
      }
    }
  }

  /// A replay under way.
  private struct Run: ~Copyable {
    var replayer = Replayer()
    private let loaded: LoadedConfiguration?
    private var selection: Selection
    private let until: Instant?
    private let isQuiet: Bool
    private var expectation: Expectation?
    private var isAsExpected = true
    /// The configuration of the trace that was in force before the selection begins.
    private var earlier: ConfigurationText?
    private var last: Instant?
    private var lines = JSONWriter()
    private var bar = ProgressBar()

    init(loaded: LoadedConfiguration?, selection: Selection, until: Instant?, isQuiet: Bool, expectation: Expectation?)
    {
      self.loaded = loaded
      self.selection = selection
      self.until = until
      self.isQuiet = isQuiet
      self.expectation = expectation
    }

    mutating func take(_ entry: Entry, _ progress: Int) throws(CommandFailure) {
      bar.show(percent: progress)
      if let until, entry.at > until { return }
      guard selection.includes(entry) else { return }
      guard !selection.isEarly(entry) else {
        if case .configuration(_, let text) = entry { earlier = text }
        return
      }
      if replayer.configured == nil { try configure(before: entry) }
      let entry = selection.rewritten(entry)
      show(replayer.take(entry))
      last = entry.at
    }

    private mutating func configure(before entry: Entry) throws(CommandFailure) {
      if case .configuration = entry { return }
      guard let text = earlier ?? loaded?.text else {
        throw CommandFailure("the trace holds no configuration: say --config FILE", code: ExitCode.usage)
      }
      show(replayer.take(selection.rewritten(.configuration(selection.from ?? entry.at, text))))
    }

    /// - Returns: whether the transitions are those that were expected.
    mutating func finish() throws(CommandFailure) -> Bool {
      // Where nothing was selected there is a city all the same, if it is known of which moment.
      if replayer.configured == nil, let text = earlier ?? loaded?.text, let at = selection.from ?? until {
        let configuration = selection.rewritten(.configuration(at, text))
        show(replayer.take(configuration))
        last = configuration.at
      }
      if let end = until ?? last?.nextWholeSecond { show(replayer.advance(to: end)) }
      bar.clear()
      flush()
      return isAsExpected && expectation?.finish() ?? true
    }

    private mutating func show(_ effects: [Effect]) {
      guard !isQuiet || expectation != nil, let zone = replayer.configured?.city.zone else { return }
      for effect in effects { effect.write(to: &lines, zone: zone) }
      if lines.bytes.count > 1 << 16 { flush() }
    }

    private mutating func flush() {
      if expectation == nil {
        Terminal.print(lines.bytes)
      } else if isAsExpected {
        isAsExpected = expectation?.take(lines.bytes) ?? true
      }
      lines.reset()
    }
  }

  /// Writes what is selected as a trace, the configuration in force first.
  private static func write(_ trace: String, _ selection: Selection, to path: String) throws(CommandFailure) -> Int32 {
    guard path == "-" || !Files.exists(path) else { throw CommandFailure("\(path) exists already") }
    let file = path == "-" ? nil : try AppendedFile(path)
    var selection = selection
    var earlier: Entry?
    var written = 0
    var bar = ProgressBar()
    func put(_ entry: Entry) throws(CommandFailure) {
      var lines = JSONLines()
      lines.append(selection.rewritten(entry))
      written += 1
      guard let file else { return Terminal.print(lines.bytes) }
      guard file.append(lines.bytes) else {
        throw CommandFailure("\(path) is not complete: \(Files.reason()), after \(written - 1) entries")
      }
    }
    let skipped = try TraceFile.read(trace) { entry, progress throws(CommandFailure) in
      bar.show(percent: progress)
      guard selection.includes(entry) else { return }
      guard !selection.isEarly(entry) else {
        if case .configuration = entry { earlier = entry }
        return
      }
      if let configuration = earlier { try put(configuration.moved(to: selection.from ?? entry.at)) }
      earlier = nil
      try put(entry)
    }
    bar.clear()
    Terminal.error("\(written) entries written, \(skipped) lines skipped\n")
    return ExitCode.done
  }

  private static func publish(
    _ trace: String, _ selection: Selection, to address: (host: String, port: Int), speed: Int64
  )
    throws(CommandFailure) -> Int32
  {
    let client = try BrokerClient(
      LinkOptions(host: address.host, port: address.port, clientID: "tonnelle-replay-\(getpid())", keepsSession: false))
    var selection = selection
    var first: Instant?
    let origin = Timebase.uptime()
    var published = 0
    var bar = ProgressBar()
    let skipped = try TraceFile.read(trace) { entry, progress throws(CommandFailure) in
      guard case .message = entry, selection.includes(entry), !selection.isEarly(entry),
        case .message(let message) = selection.rewritten(entry)
      else { return }
      let start = first ?? message.arrival
      first = start
      let due = origin.milliseconds + (message.arrival - start).milliseconds / speed
      while Timebase.uptime().milliseconds < due || client.unacknowledged > 1000 {
        let wait = max(1, min(100, due - Timebase.uptime().milliseconds))
        try check(client.pump(milliseconds: Int32(wait)))
      }
      client.publish(message.topic, message.payload, qos: message.qos, retain: message.isRetained)
      published += 1
      bar.show(percent: progress)
    }
    while client.unacknowledged > 0 { try check(client.pump(milliseconds: 100)) }
    client.disconnect()
    bar.clear()
    Terminal.error("\(published) messages published, \(skipped) lines skipped\n")
    return ExitCode.done
  }

  private static func check(_ events: [LinkEvent]) throws(CommandFailure) {
    for event in events {
      if case .lost(let reason) = event { throw CommandFailure("the connection to the broker ended: \(reason)") }
    }
  }
}

/// A trace: JSON lines, gzipped or not, or the journal of a data folder.
enum TraceFile {
  /// Hands over the entries in order with the percentage that is done.
  ///
  /// - Returns: how many lines were reported and skipped.
  static func read(_ path: String, _ body: (Entry, Int) throws(CommandFailure) -> Void) throws(CommandFailure) -> Int {
    if Files.exists(path + "/journal.db") { return try readJournal(path, body) }
    var skipped = 0
    var number = 0
    try Files.readLines(path == "-" ? "/dev/stdin" : path) { line, bytes, progress throws(CommandFailure) in
      number += 1
      if bytes[line].allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { return }
      let entry: Entry
      do {
        entry = try Entry(line: line, of: bytes)
      } catch {
        Terminal.error("\(path):\(number): \(error)\n")
        skipped += 1
        return
      }
      try body(entry, progress)
    }
    return skipped
  }

  private static func readJournal(_ folder: String, _ body: (Entry, Int) throws(CommandFailure) -> Void)
    throws(CommandFailure) -> Int
  {
    var failure: CommandFailure?
    do {
      var before: Entry?
      try Database.read(folder: folder, configuration: { before = try? Entry(line: $0.line) }) { batch in
        do throws(CommandFailure) {
          // As a gateway does that goes on from here: of the time since that configuration nothing is known.
          if let configuration = before { try body(configuration.moved(to: Instant(milliseconds: batch.at)), 0) }
          before = nil
          for entry in Recovery.entries(of: batch) { try body(entry, 0) }
          return true
        } catch {
          failure = error
          return false
        }
      }
    } catch {
      throw CommandFailure(error.description)
    }
    if let failure { throw failure }
    return 0
  }
}

/// A bar on a terminal; silent elsewhere.
struct ProgressBar {
  private var shown = -1

  mutating func show(percent: Int) {
    guard percent != shown else { return }
    shown = percent
    guard Terminal.isWatched else { return }
    let filled = percent * 40 / 100
    Terminal.error(
      "\r[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: 40 - filled))] \(percent) %")
  }

  mutating func clear() {
    if shown >= 0 && Terminal.isWatched { Terminal.error("\r\u{1B}[K") }
    shown = -1
  }
}
