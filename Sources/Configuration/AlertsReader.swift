// The `alerts` of the settings.

internal import JSONText
internal import Quantities

struct AlertsReader {
  private static let command = "/usr/sbin/sendmail -t -i"

  func read(_ reader: ObjectReader) -> Settings.Alerts {
    var alerts = Settings.Alerts()
    for receiver in reader.objects("receivers") {
      guard let read = self.receiver(receiver) else { continue }
      if alerts.receivers.contains(where: { $0.id == read.id }) {
        receiver.error(at: receiver.value["id"] ?? receiver.value, "id", "the id \"\(read.id)\" stands twice")
      }
      alerts.receivers.append(read)
    }
    if alerts.receivers.isEmpty {
      reader.warning(at: reader.value, "receivers", "without a receiver nobody is told anything")
    }
    if let rules = reader.object("rules") { self.rules(rules, &alerts) }
    if let text = reader.string("quiet_hours") {
      alerts.quietHours = Settings.Alerts.QuietHours(text)
      if alerts.quietHours == nil {
        reader.error(
          at: reader.value["quiet_hours"] ?? reader.value, "quiet_hours",
          "hours such as \"22:00-07:00\" were expected, \"\(text.prefix(40))\" was found")
      }
    }
    if let seconds = reader.integer("group_s", in: 0...3600) { alerts.group = .seconds(Int64(seconds)) }
    alerts.keep = reader.integer("keep", in: 10...10_000) ?? alerts.keep
    alerts.language = reader.choice("language", Language.self)?.rawValue ?? alerts.language
    reader.finish()
    return alerts
  }

  private enum Language: String, CaseIterable { case fr, en }

  private func rules(_ reader: ObjectReader, _ alerts: inout Settings.Alerts) {
    for rule in AlertRule.allCases {
      if reader.value[rule.rawValue]?.kind == .false {
        _ = reader.bool(rule.rawValue)
        alerts.rules[rule] = nil
        continue
      }
      guard let numbers = reader.object(rule.rawValue) else { continue }
      var read = rule.defaults
      if let minutes = numbers.integer("after_min", in: 0...1440) { read.after = .minutes(Int64(minutes)) }
      if let minutes = numbers.integer("clear_min", in: 0...1440) { read.clearAfter = .minutes(Int64(minutes)) }
      for (index, limit) in rule.limits.enumerated() {
        read.limits[index] = numbers.integer(limit.key, in: limit.range).map(Int64.init) ?? read.limits[index]
      }
      numbers.finish()
      alerts.rules[rule] = read
    }
    reader.finish()
  }

  private func receiver(_ reader: ObjectReader) -> Settings.Alerts.Receiver? {
    let id = reader.identifier("id")
    let url = reader.outgoingAddress("webhook")
    let tokenFile = reader.string("token_file")
    let isTopic = reader.bool("mqtt")
    let address = mail(reader)
    let command = reader.string("command")
    let kinds = ["webhook", "mqtt", "mail"].filter { reader.value[$0].map { !$0.isNull } ?? false }
    reader.finish()
    if kinds.count != 1 {
      reader.error(at: reader.value, "", "one of webhook, mqtt and mail was expected, \(kinds.count) were found")
      return nil
    }
    if let file = reader.value["token_file"], kinds != ["webhook"] {
      reader.error(at: file, "token_file", "only a webhook takes a token")
    }
    if let value = reader.value["command"], kinds != ["mail"] {
      reader.error(at: value, "command", "only mail takes a command")
    }
    if isTopic == false {
      reader.error(
        at: reader.value["mqtt"] ?? reader.value, "mqtt", "true was expected; leave the receiver out instead")
    }
    guard let id else { return nil }
    if let url { return .init(id: id, way: .webhook(url: url, tokenFile: tokenFile)) }
    if isTopic == true { return .init(id: id, way: .mqtt) }
    guard let address else { return nil }
    let words = (command ?? Self.command).split(separator: " ").map(String.init)
    guard !words.isEmpty, !(command ?? "").contains("\0") else {
      reader.error(at: reader.value["command"] ?? reader.value, "command", "a program and its arguments were expected")
      return nil
    }
    return .init(id: id, way: .mail(address: address, command: words))
  }

  /// One address: what could begin another header or name a second person is refused.
  private func mail(_ reader: ObjectReader) -> String? {
    guard let text = reader.string("mail"), let value = reader.value["mail"] else { return nil }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !",;:<>()[]\\\"".utf8.contains($0) }
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPlain, text.utf8.count <= 254, !text.hasPrefix("-")
    else {
      reader.error(at: value, "mail", "an address such as \"astreinte@ville.example\" was expected")
      return nil
    }
    return text
  }
}
