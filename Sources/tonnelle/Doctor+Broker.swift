// What doctor asks of the broker: whether it lets us in, what it grants, how much it keeps for us.

internal import Configuration
internal import Core
internal import CoolIslands
internal import Gateway
internal import Glibc
internal import MQTTLink
internal import Quantities

extension DoctorCommand {
  /// How long doctor waits for an answer of the broker, in milliseconds.
  private static let patience: Int64 = 5000
  /// Hours that messages should be able to wait while a gateway is away: a night.
  private static let hoursAway = 12

  static func broker(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis) {
    let broker = loaded.configured.settings.broker
    do throws(CommandFailure) {
      var options = try loaded.linkOptions()
      // A session of its own: the gateway's is not to be touched.
      options.clientID = "tonnelle-doctor-\(getpid())"
      options.keepsSession = false
      let client = try BrokerClient(options)
      let version = broker.usesMQTT5 ? "MQTT 5" : "MQTT 3.1.1"
      let login = broker.username.map { " as \($0)" } ?? ""
      diagnosis.note(.ok, "broker", "\(broker.host):\(broker.port) lets us in\(login), with \(version)")
      if let limits = client.limits, broker.usesMQTT5 {
        self.limits(limits, diagnosis)
      } else {
        diagnosis.note(
          .warning, "broker", "with MQTT 3.1.1 a broker sends few messages at once",
          "max_inflight_messages \(broker.receiveMaximum) in mosquitto.conf")
      }
      try filters(loaded, client, diagnosis)
      queue(loaded, try product(client), diagnosis)
      client.disconnect()
    } catch {
      diagnosis.note(.fault, "broker", error.message, advice(error.message))
    }
  }

  private static func advice(_ reason: String) -> String {
    let reason = reason.lowercased()
    if ["authori", "password", "user name"].contains(where: reason.contains) {
      return "correct \"username\" and \"password_file\", or the broker's list of passwords"
    }
    if reason.contains("protocol") { return "\"protocol\": \"3.1.1\" in \"broker\" for an older one" }
    if reason.contains("certificate") || reason.contains("tls") {
      return "correct \"ca_file\", \"certificate_file\" and \"key_file\" in \"broker\""
    }
    return "start it, or correct \"host\" and \"port\" in \"broker\""
  }

  private static func limits(_ limits: BrokerLimits, _ diagnosis: Diagnosis) {
    if !limits.retains {
      diagnosis.note(
        .fault, "broker", "it keeps no retained messages", "allow them (retain_available true in mosquitto.conf)")
    }
    if !limits.hasWildcards { diagnosis.note(.fault, "broker", "it knows no wildcards in filters", "allow them") }
    if limits.maximumQoS < 1 {
      diagnosis.note(
        .fault, "broker", "it acknowledges nothing (QoS 0 only)", "allow QoS 1 (max_qos 2 in mosquitto.conf)")
    }
    let packet = limits.maximumPacket.map { ", packets of up to \($0) bytes" } ?? ""
    diagnosis.note(.ok, "broker", "it takes \(limits.receiveMaximum) messages of ours at once\(packet)")
  }

  private static func filters(
    _ loaded: LoadedConfiguration, _ client: BrokerClient, _ diagnosis: Diagnosis
  ) throws(CommandFailure) {
    let wanted = loaded.configured.settings.subscriptions.map(\.filter) + [Topics.commandFilter]
    let packet = try client.subscribe(wanted, qos: 0)
    var answer: [Bool]?
    try wait(client) { event in
      if case .subscribed(packet, let accepted) = event { answer = accepted }
      return answer != nil
    }
    guard let answer else {
      return diagnosis.note(.fault, "broker", "it does not answer a subscription", "look into its log")
    }
    let refused = zip(wanted, answer).filter { !$0.1 }.map(\.0)
    if refused.isEmpty {
      diagnosis.note(.ok, "broker", "it grants all filters: \(wanted.joined(separator: ", "))")
    } else {
      diagnosis.note(
        .fault, "broker", "it refuses \(refused.joined(separator: ", "))",
        "let this user subscribe to them")
    }
  }

  /// What the broker calls itself; nil where it does not say.
  private static func product(_ client: BrokerClient) throws(CommandFailure) -> String? {
    let topic = "$SYS/broker/version"
    let packet = try client.subscribe([topic], qos: 0)
    var name: String?
    var isAnswered = false
    // What it keeps on a topic comes with its answer or right behind it.
    try wait(client, milliseconds: 1000) { event in
      switch event {
      case .subscribed(packet, let accepted): isAnswered = accepted == [false]
      case .message(let message) where message.topic == topic: name = String(decoding: message.payload, as: UTF8.self)
      default: break
      }
      return isAnswered || name != nil
    }
    return name
  }

  private static func queue(_ loaded: LoadedConfiguration, _ product: String?, _ diagnosis: Diagnosis) {
    let thousandths = loaded.configured.city.sensors.reduce(0) { $0 + 3_600_000 / max(1, Int($1.period)) }
    let hourly = (thousandths + 999) / 1000
    // Rounded up to what people write, and never less than the documentation says.
    let wanted = max(200_000, (hourly * hoursAway + 99_999) / 100_000 * 100_000)
    let name = product.map { "it is \($0) and" } ?? "it"
    diagnosis.note(
      .warning, "broker",
      "\(name) does not tell how many messages it keeps for a gateway that is away; about \(hourly) come in an hour",
      "make sure of max_queued_messages \(wanted) and persistence true (mosquitto.conf)")
  }

  private static func wait(
    _ client: BrokerClient, milliseconds: Int64 = patience, until isDone: (LinkEvent) -> Bool
  ) throws(CommandFailure) {
    let deadline = Timebase.uptime().milliseconds + milliseconds
    while Timebase.uptime().milliseconds < deadline {
      for event in client.pump(milliseconds: 50) {
        if isDone(event) { return }
        if case .lost(let reason) = event { throw CommandFailure("the connection to the broker ended: \(reason)") }
      }
    }
  }
}
