// tonnelle explain: what a gateway makes of one message, step by step, and why it would refuse it.

internal import Configuration
internal import Core
internal import CoolIslands
internal import Gateway
internal import Publication
internal import Quantities
internal import SensorProtocol

enum ExplainCommand: Command {
  static let name = "explain"
  static let summary = "Says, step by step, what the gateway makes of a message, and why it would refuse it."
  static let operands = "TOPIC [PAYLOAD-FILE]"
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings"),
    OptionSpec(name: "at", value: "TIME", help: "when it arrives; now if nothing is said"),
    OptionSpec(name: "retained", value: nil, help: "the broker had kept it"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    guard let topic = arguments.operands.first, arguments.operands.count <= 2 else {
      throw CommandFailure("a topic, and a file with the payload, or - for standard input", code: ExitCode.usage)
    }
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let now = try arguments.instant("at") ?? Timebase.wallClock()
    var explanation = Explanation(city: loaded.configured.city, topic: topic, now: now)
    if arguments.operands.count == 2 {
      let path = arguments.operands[1]
      let payload = try path == "-" ? Files.readStandardInput() : Files.readBytes(path)
      explanation.explain(payload, isRetained: arguments.has("retained"))
    } else {
      explanation.explainTopic([])
    }
    Terminal.print(explanation.lines.joined(separator: "\n") + "\n")
    return explanation.isRefused ? ExitCode.failed : ExitCode.done
  }
}

/// The steps of a message, a line each.
private struct Explanation: ~Copyable {
  private let city: City
  private let topic: String
  private let now: Instant
  private var world = World()
  private(set) var lines: [String] = []
  private(set) var isRefused = false
  private var told: Set<Refusal> = []

  init(city: City, topic: String, now: Instant) {
    self.city = city
    self.topic = topic
    self.now = now
    _ = world.configure(city, at: now)
  }

  private mutating func line(_ step: String, _ text: String) { lines.append(step.padding(to: 10) + "  " + text) }

  private mutating func refuse(_ step: String, _ refusal: Refusal) {
    isRefused = true
    line(step, "refused, \(refusal.rawValue): \(refusal.sentence)")
  }

  /// Who is meant by the topic, as far as it says.
  ///
  /// - Returns: whether there is a sensor to go on with.
  @discardableResult mutating func explainTopic(_ payload: [UInt8]) -> Bool {
    line("topic", topic)
    if Topics.isCommand(topic) {
      line("command", "obeyed at once; the answer stands on tonnelle/v1/gateway/<id>/command/result")
      return true
    }
    if let feed = city.feeds.first(where: { TopicFilter.matches($0.filter, topic) }) {
      line("filter", "\(feed.filter), decoder \(feed.decoder.rawValue)")
    } else {
      line("filter", "no subscription of the settings receives this topic")
    }
    do throws(Refusal) {
      guard let sender = try sender(payload) else {
        guard payload.isEmpty else { return true }  // admission says which part of the topic is unknown
        isRefused = true
        line("sensor", "no sensor of the settings has this topic")
        return false
      }
      let sensor = city.sensors[sender.sensor]
      let place = sensor.place.map { "at \(city.places[$0].about.id), \(city.places[$0].about.name)" } ?? "a station"
      let device = sender.message.map { ", device \($0.device)" } ?? ""
      let fields = sensor.fields.map(\.rawValue).joined(separator: ", ")
      line("sensor", "\(sensor.id)\(device), \(place); \(fields); every \(sensor.period) s")
      if let frame = sender.message?.frame {
        line("frame", "counter \(frame.counter), port \(frame.port), \(frame.payload.count) bytes")
      }
      return true
    } catch {
      guard !payload.isEmpty else {
        line("sensor", "the message itself says from which device it comes")
        return false
      }
      refuse("sensor", error)
      if let stranger = world.stranger(of: message(payload)) {
        line("settings", "a line for them: \(stranger.settingsLine)")
      }
      return false
    }
  }

  private func sender(_ payload: [UInt8]) throws(Refusal) -> Sender? {
    try world.withState { state in
      Result { () throws(Refusal) in try state.sender(of: payload, topic: topic) }
    }?.get()
  }

  private func message(_ payload: [UInt8], isRetained: Bool = false) -> Message {
    Message(arrival: now, topic: topic, payload: payload, qos: 1, isRetained: isRetained, packet: nil)
  }

  mutating func explain(_ payload: [UInt8], isRetained: Bool) {
    guard explainTopic(payload) else { return }
    let message = message(payload, isRetained: isRetained)
    explainPayload(payload)
    switch world.admission(of: message) {
    case .refused(let refusal, _, _):
      refuse("admission", refusal)
      if let stranger = world.stranger(of: message) {
        line("settings", "a line for them: \(stranger.settingsLine)")
      }
    case .admitted(let entry, let sensor, let refusals):
      let reduced =
        refusals.isEmpty
        ? "" : ", without what was refused: \(Set(refusals.map(\.rawValue)).sorted().joined(separator: ", "))"
      line("admission", "stored\(reduced)")
      explainEffects(world.ingest(entry), sensor)
    case nil: break  // there is a configuration
    }
  }

  private mutating func explainPayload(_ payload: [UInt8]) {
    line("payload", "\(payload.count) bytes")
    guard let sender = try? sender(payload) else { return }
    do throws(Refusal) {
      let mapping = city.sensors[sender.sensor].mapping
      for (what, outcome) in try sender.decoder.outcomes(payload, topic: topic, arrival: now, mapping: mapping) {
        switch outcome {
        case .success(let observation):
          let value = Milli<Percent>(observation.value).text(places: 3)
          let time = observation.hasOwnTime ? city.zone.text(observation.time) : "on arrival"
          let seconds = observation.seconds.map { ", over \($0) s" } ?? ""
          line("", "\(what): \(observation.field.rawValue) \(value)\(seconds), \(time)")
        case .failure(let refusal):
          told.insert(refusal)
          line("", "\(what): refused, \(refusal.rawValue): \(refusal.sentence)")
        }
      }
    } catch {
      line("", "refused, \(error.rawValue): \(error.sentence)")
    }
  }

  private mutating func explainEffects(_ effects: [Effect], _ sensor: Int?) {
    for case .command(let result) in effects {
      isRefused = result.refusal != nil
      line("command", result.refusal.map { "refused: \($0)" } ?? "accepted")
    }
    guard let sensor else { return }
    let account = world.ledger.sensors[sensor].account
    for (refusal, _) in account.refused where !told.contains(refusal) {
      line("", "refused, \(refusal.rawValue): \(refusal.sentence)")
    }
    line("ledger", "\(account.counted) of \(account.received) readings count")
    isRefused = account.counted == 0
    guard let place = city.sensors[sensor].place else { return }
    _ = world.advance(to: now + .seconds(1))
    guard let indicators = world.publicPlace(place)?.indicators else { return }
    let reasons = indicators.reasons.map(\.rawValue).joined(separator: ", ")
    line("place", "with this message alone: \(indicators.availability.rawValue) (\(reasons))")
  }
}
