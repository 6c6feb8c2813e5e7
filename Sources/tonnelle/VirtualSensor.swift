// tonnelle sensor: a sensor that is not there, for those who want to see a gateway at work, or at its wits' end.
//
// It speaks through the encoder that makers put into their firmware.

internal import CFirmware
internal import Gateway
internal import Glibc
internal import MQTTLink
internal import Quantities

enum SensorCommand: Command {
  static let name = "sensor"
  static let summary = "Plays a virtual sensor: publishes readings to a broker, until Ctrl-C."
  static let operands = ""
  static let options = [
    OptionSpec(name: "broker", value: "HOST[:PORT]", help: "the broker; 127.0.0.1:1883 if nothing is said"),
    OptionSpec(name: "username", value: "NAME", help: "if the broker asks for one"),
    OptionSpec(name: "password-file", value: "FILE", help: "whose first line is the password"),
    OptionSpec(name: "ca-file", value: "FILE", help: "certificates to trust; encrypts the connection"),
    OptionSpec(name: "certificate-file", value: "FILE", help: "its own certificate, if the broker asks for one"),
    OptionSpec(name: "key-file", value: "FILE", help: "the private key of its certificate"),
    OptionSpec(name: "place", value: "ID", help: "the place of its topic; votre-lieu if nothing is said"),
    OptionSpec(name: "id", value: "ID", help: "its identifier; mon-capteur if nothing is said"),
    OptionSpec(
      name: "kind", value: "KIND", help: VirtualSensor.Kind.allCases.map(\.rawValue).joined(separator: ", ")),
    OptionSpec(name: "period", value: "SECONDS", help: "between two messages; 10 if nothing is said"),
    OptionSpec(name: "count", value: "N", help: "stop after N readings"),
    OptionSpec(name: "format", value: "json|cbor", help: "how packs are written; json if nothing is said"),
    OptionSpec(
      name: "fault", value: "FAULT", help: VirtualSensor.Fault.allCases.map(\.rawValue).joined(separator: ", ")),
    OptionSpec(name: "seed", value: "N", help: "the same number gives the same readings"),
    OptionSpec(name: "print", value: nil, help: "only print the messages, publish nothing"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let period = try arguments.integer("period", in: 1...86_400) ?? 10
    let count = try arguments.integer("count", in: 1...Int.max) ?? .max
    let format = try arguments.choice("format", VirtualSensor.Format.self) ?? .json
    var sensor = VirtualSensor(
      place: arguments["place"] ?? "votre-lieu", id: arguments["id"] ?? "mon-capteur",
      kind: try arguments.choice("kind", VirtualSensor.Kind.self) ?? .climate,
      fault: try arguments.choice("fault", VirtualSensor.Fault.self), format: format,
      seed: UInt64(try arguments.integer("seed", in: 0...Int.max) ?? Int(Timebase.wallClock().milliseconds)))
    guard let topic = sensor.topic else {
      throw CommandFailure("an identifier is 1 to 64 of a-z, 0-9 and -", code: ExitCode.usage)
    }
    let client = arguments.has("print") ? nil : try connect(arguments)
    let stopped = Flag()
    let signals = Signals()
    for number in [SIGINT, SIGTERM] { signals.on(number) { stopped.raise() } }
    for number in 0..<count where !stopped.isRaised {
      if number > 0 { try wait(seconds: client == nil ? 0 : period, client, stopped) }
      if stopped.isRaised { break }
      for payload in sensor.messages(at: Timebase.wallClock(), period: period) {
        let text = format == .cbor ? payload.map { hex($0) }.joined() : String(decoding: payload, as: UTF8.self)
        Terminal.print("\(topic) \(text)\n")
        client?.publish(topic, payload, qos: 1)
      }
    }
    if let client { try finish(client) }
    return ExitCode.done
  }

  private static func connect(_ arguments: Arguments) throws(CommandFailure) -> BrokerClient {
    var options = LinkOptions(
      host: "127.0.0.1", port: 1883, clientID: "tonnelle-sensor-\(getpid())", keepsSession: false)
    if let broker = arguments["broker"] { (options.host, options.port) = try BrokerClient.address(broker) }
    options.username = arguments["username"]
    if let path = arguments["password-file"] { options.password = try Files.firstLine(path) }
    options.certificateAuthorities = arguments["ca-file"]
    options.certificate = arguments["certificate-file"]
    options.key = arguments["key-file"]
    if options.certificateAuthorities == nil, options.certificate != nil || options.key != nil {
      throw CommandFailure("--certificate-file and --key-file need --ca-file", code: ExitCode.usage)
    }
    return try BrokerClient(options)
  }

  private static func wait(seconds: Int, _ client: BrokerClient?, _ stopped: Flag) throws(CommandFailure) {
    guard let client else { return }
    let end = Timebase.uptime().milliseconds + Int64(seconds) * 1000
    while Timebase.uptime().milliseconds < end, !stopped.isRaised {
      for event in client.pump(milliseconds: 100) {
        if case .lost(let reason) = event { throw CommandFailure("the connection to the broker ended: \(reason)") }
      }
    }
  }

  /// Until the broker has acknowledged all, for at most ten seconds.
  private static func finish(_ client: BrokerClient) throws(CommandFailure) {
    let deadline = Timebase.uptime().milliseconds + 10_000
    while client.unacknowledged > 0 {
      guard Timebase.uptime().milliseconds < deadline else {
        throw CommandFailure("the broker did not acknowledge \(client.unacknowledged) messages")
      }
      _ = client.pump(milliseconds: 50)
    }
    client.disconnect()
  }

  private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

/// What a virtual sensor measures and how it fails.
struct VirtualSensor {
  /// What it measures.
  enum Kind: String, CaseIterable { case climate, noise, counter, presence }
  /// How packs are written.
  enum Format: String, CaseIterable { case json, cbor }
  /// What is wrong with it.
  enum Fault: String, CaseIterable {
    /// The values stand still.
    case stuck
    /// Every fifth value leaps.
    case spike
    /// Every fifth message cannot be read.
    case garbage
    /// Each message is sent twice.
    case twice
    /// Five readings come together, each with the time at which it was taken.
    case late
  }

  private let place: String
  private let id: String
  private let kind: Kind
  private let fault: Fault?
  private let format: Format
  private var state: UInt64
  private var number = 0
  private var entered: Int64 = 0
  private var left: Int64 = 0
  private var kept: [(time: Int64, values: [Value])] = []

  private typealias Value = (field: tonnelle_field, value: Int64, decimals: UInt32, seconds: UInt32)

  init(place: String, id: String, kind: Kind, fault: Fault?, format: Format, seed: UInt64) {
    (self.place, self.id, self.kind, self.fault, self.format, state) = (place, id, kind, fault, format, seed)
  }

  /// Where it publishes; nil for an identifier that cannot be one.
  var topic: String? {
    var buffer = [CChar](repeating: 0, count: 160)
    let count = unsafe tonnelle_topic(&buffer, buffer.count, place, id)
    return count == 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What it publishes after its next measurement.
  mutating func messages(at now: Instant, period: Int) -> [[UInt8]] {
    number += 1
    kept.append((now.milliseconds / 1000, measure(at: now, period: period)))
    if fault == .late && number % 5 != 0 { return [] }
    var payload = pack()
    kept = []
    if fault == .garbage && number % 5 == 0 { payload = Array(payload.dropLast(3)) }
    return fault == .twice ? [payload, payload] : [payload]
  }

  /// SplitMix64 (Steele, Lea, Flood 2014), below a limit.
  private mutating func random(below limit: Int64) -> Int64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int64((bits ^ (bits >> 31)) % UInt64(limit))
  }

  /// A fine day: cool at six, warm at three in the afternoon; people come and go.
  private mutating func measure(at now: Instant, period: Int) -> [Value] {
    let step = fault == .stuck ? 0 : Int64(number)
    let leap: Int64 = fault == .spike && number % 5 == 0 ? 250 : 0
    let hour = Double(now.milliseconds % 86_400_000) / 3_600_000
    let day = fault == .stuck ? 0 : cos((hour - 13) / 24 * 2 * Double.pi)
    let flicker = fault == .stuck ? 0 : random(below: 3)
    let seconds = UInt32(min(period, 3600))
    switch kind {
    case .climate:
      return [
        (TONNELLE_TEMPERATURE, 240 + Int64(day * 50) + flicker + leap, 1, 0),
        (TONNELLE_HUMIDITY, 55 - Int64(day * 15) + flicker, 0, 0), (TONNELLE_BATTERY, 90, 0, 0),
      ]
    case .noise:
      let level = 480 + Int64(day * 40) + flicker * 8 + leap
      return [(TONNELLE_LAEQ, level, 1, seconds), (TONNELLE_LAFMAX, level + 90, 1, seconds)]
    case .counter:
      if step > 0 {
        entered += random(below: 4)
        left += min(entered - left, random(below: 4))
      }
      return [(TONNELLE_IN_TOTAL, entered, 0, 0), (TONNELLE_OUT_TOTAL, left, 0, 0)]
    case .presence:
      return [(TONNELLE_OCCUPIED, step == 0 ? 1 : random(below: 2), 0, 0)]
    }
  }

  /// What is kept as a pack.
  private func pack() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // The encoder writes into a buffer of its caller's, which lives for as long as the pack does.
    let length = unsafe buffer.withUnsafeMutableBytes { buffer in
      var pack = unsafe tonnelle_pack()
      unsafe tonnelle_begin(&pack, format == .json ? TONNELLE_JSON : TONNELLE_CBOR, buffer.baseAddress, buffer.count)
      for (time, values) in kept {
        for value in values {
          unsafe tonnelle_add_over(
            &pack, value.field, value.value, value.decimals, value.seconds, fault == .late ? time : 0)
        }
      }
      return unsafe tonnelle_end(&pack)
    }
    return Array(buffer[..<length])
  }
}
