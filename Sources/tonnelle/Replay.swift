// tonnelle replay: a trace through the core, or into a broker at a pace.

internal import Configuration
internal import CoolIslands
internal import Core
internal import Gateway
internal import Glibc
internal import JSONText
internal import MQTTLink
internal import Quantities
internal import Store

enum ReplayCommand: Command {
  static let name = "replay"
  static let summary = "Replays a trace: prints one indicator transition a line, the same bytes every time."
  static let operands = "TRACE"
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings, for a trace that holds none"),
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
    if let broker = arguments["broker"] {
      let speed = try arguments.integer("speed", in: 1...1_000_000) ?? 1
      return try publish(trace, to: try BrokerClient.address(broker), speed: Int64(speed))
    }
    var until: Instant?
    if let text = arguments["until"] {
      guard let instant = Instant(rfc3339: text) else {
        throw CommandFailure(
          "--until takes a time such as 2026-07-18T22:00:00+02:00, not \"\(text)\"", code: ExitCode.usage)
      }
      until = instant
    }
    var run = Run(
      loaded: try arguments["config"].map { path throws(CommandFailure) in
        try LoadedConfiguration.load(path, quietly: true)
      }, until: until)
    run.isQuiet = arguments.has("summary")
    let skipped = try TraceFile.read(trace) { entry, progress throws(CommandFailure) in try run.take(entry, progress) }
    try run.finish()
    if arguments.has("summary") { Terminal.print(run.replayer.world.summary() + [0x0A]) }
    if skipped > 0 { Terminal.error("\(skipped) line\(skipped == 1 ? " was" : "s were") skipped\n") }
    return ExitCode.done
  }

  /// A replay under way.
  private struct Run: ~Copyable {
    var replayer = Replayer()
    let loaded: LoadedConfiguration?
    let until: Instant?
    var isQuiet = false
    private var last: Instant?
    private var output = JSONWriter()
    private var bar = ProgressBar()

    init(loaded: LoadedConfiguration?, until: Instant?) {
      self.loaded = loaded
      self.until = until
    }

    mutating func take(_ entry: Entry, _ progress: Int) throws(CommandFailure) {
      if let until, entry.at > until { return }
      if replayer.configured == nil {
        if case .configuration = entry {
        } else if let loaded {
          print(replayer.take(.configuration(entry.at, loaded.text)))
        } else {
          throw CommandFailure("the trace holds no configuration: say --config FILE", code: ExitCode.usage)
        }
      }
      print(replayer.take(entry))
      last = entry.at
      bar.show(percent: progress)
    }

    mutating func finish() throws(CommandFailure) {
      if let end = until ?? last?.nextWholeSecond { print(replayer.advance(to: end)) }
      bar.clear()
      flush()
    }

    private mutating func print(_ effects: [Effect]) {
      guard !isQuiet, let zone = replayer.configured?.city.zone else { return }
      for effect in effects { effect.write(to: &output, zone: zone) }
      if output.bytes.count > 1 << 16 { flush() }
    }

    private mutating func flush() {
      Terminal.print(output.bytes)
      output.reset()
    }
  }

  private static func publish(_ trace: String, to address: (host: String, port: Int), speed: Int64)
    throws(CommandFailure) -> Int32
  {
    let client = try BrokerClient(
      LinkOptions(host: address.host, port: address.port, clientID: "tonnelle-replay-\(getpid())", keepsSession: false))
    var first: Instant?
    let origin = Timebase.uptime()
    var published = 0
    var bar = ProgressBar()
    let skipped = try TraceFile.read(trace) { entry, progress throws(CommandFailure) in
      guard case .message(let message) = entry else { return }
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
    let bytes = try Files.readUnzipped(path == "-" ? "/dev/stdin" : path)
    var skipped = 0
    var number = 0
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      let line = Array(bytes[start..<end])
      start = end + 1
      number += 1
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
      let entry: Entry
      do {
        entry = try Entry(line: line)
      } catch {
        Terminal.error("\(path):\(number): \(error)\n")
        skipped += 1
        continue
      }
      try body(entry, min(100, start * 100 / bytes.count))
    }
    return skipped
  }

  private static func readJournal(_ folder: String, _ body: (Entry, Int) throws(CommandFailure) -> Void)
    throws(CommandFailure) -> Int
  {
    var failure: CommandFailure?
    do {
      try Journal.read(folder: folder) { batch in
        do throws(CommandFailure) {
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
    guard percent != shown, Terminal.isWatched else { return }
    shown = percent
    let filled = percent * 40 / 100
    Terminal.error(
      "\r[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: 40 - filled))] \(percent) %")
  }

  mutating func clear() {
    if shown >= 0 { Terminal.error("\r\u{1B}[K") }
    shown = -1
  }
}
