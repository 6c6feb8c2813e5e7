// Settings text to values, noting everything that is wrong on the way.

internal import CoolIslands
internal import JSONText
internal import Publication
internal import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Timetables

/// What the settings file says, before places and sensors are joined.
struct SettingsContent {
  var settings = Settings()
  var cityID = ""
  var cityName = ""
  var holidays = PublicHolidays(.france)
  /// By zone.
  var schoolHolidays: [String: SchoolHolidays] = [:]
  var notice: [String: String] = [:]
  var contact: String?
  var licence: PublicLicence?
  var departement: String?
  /// The identifier of the sensor whose extremes are observed.
  var heatStation: String?
  var heatThresholds: HeatThresholds?
  var choices = Choices()
  var rings: [Field: RingLayout] = [:]
  var sensors: [SensorContent] = []
  /// Tables of more of them.
  var sensorLists: [String] = []
  var zones: [(id: String, reference: String, value: JSONValue)] = []
}

/// A sensor as written, its place still a name.
struct SensorContent {
  var id: String
  var place: String?
  var topic: String
  var ownTopic: String
  var decoder: Decoder
  var device: String?
  var mapping: FieldMapping
  var period: Int
  var staleAfter: Int
  var counterBits: Int
  var file: String
  var position: TextPosition
  var path: String
}

struct SettingsReader {
  let file: String
  let report: Report
  /// The texts of files that list sensors, by name.
  var lists: [String: [UInt8]] = [:]

  func read(_ text: [UInt8]) -> SettingsContent? {
    let document: JSONDocument
    do {
      document = try JSONDocument(text, options: .forPeople)
    } catch {
      report.add(.error, file, error.position, "", error.message)
      return nil
    }
    var content = SettingsContent()
    let root = ObjectReader(document.root, file: file, path: "", report: report)
    guard document.root.kind == .object else { return nil }
    content.settings.gateway = root.identifier("gateway") ?? ""
    content.settings.dataFolder = root.string("data") ?? "data"
    content.settings.placesFile = root.string("places", required: true) ?? ""
    content.settings.populationFile = root.string("population")
    city(root, &content)
    broker(root, &content.settings)
    if let reader = root.object("home_assistant") { content.settings.homeAssistant = homeAssistant(reader) }
    subscriptions(root, &content.settings)
    endpoints(root, &content.settings)
    let sensors = SensorsReader(root, report: report)
    content.sensors = sensors.read(root.objects("sensors"))
    for (path, value) in root.list("sensor_lists") {
      guard let name = value.string else {
        root.add(.error, value.position, path, "a file's name was expected, \(ObjectReader.name(value)) was found")
        continue
      }
      content.sensorLists.append(name)
      if let list = lists[name] { content.sensors += sensors.read(table: list, file: name) }
    }
    for zone in root.objects("zones") {
      let id = zone.identifier("id")
      let reference = zone.string("reference", required: true)
      if let id, let reference { content.zones.append((id, reference, zone.value)) }
      zone.finish()
    }
    if let rings = root.object("rings") { content.rings = self.rings(rings) }
    retentionAndLimits(root, &content.settings)
    if let alerts = root.object("alerts") { content.settings.alerts = AlertsReader().read(alerts) }
    if let history = root.object("long_history") {
      content.settings.longHistory = LongHistoryReader().read(history)
    }
    if let broker = root.object("context_broker") {
      content.settings.contextBroker = ContextBrokerReader().read(broker)
    }
    if let choices = root.object("choices") { self.choices(choices, &content.choices) }
    root.finish()
    return content
  }

  private func retentionAndLimits(_ root: ObjectReader, _ settings: inout Settings) {
    if let clock = root.member("clock") {
      settings.trustsClock = clock.isString("trusted")
      if !settings.trustsClock && !clock.isString("synchronised") {
        root.error(
          at: clock, "clock", "\"synchronised\" or \"trusted\" was expected, \(ObjectReader.name(clock)) was found")
      }
    }
    if let retention = root.object("retention") {
      let kept = settings.retention
      settings.retention.journalDays =
        retention.integer("journal_days", in: 1...3650).map(Int64.init) ?? kept.journalDays
      settings.retention.journalMebibytes =
        retention.integer("journal_mib", in: 16...1_048_576).map(Int64.init) ?? kept.journalMebibytes
      settings.retention.quarterDays =
        retention.integer("quarters_days", in: 15...3650).map(Int64.init) ?? kept.quarterDays
      settings.retention.historyDays =
        retention.integer("history_days", in: 35...36_500).map(Int64.init) ?? kept.historyDays
      retention.finish()
    }
    if let limits = root.object("limits") {
      settings.limits.messagesPerSecond =
        limits.integer("messages_per_second", in: 1...1_000_000).map(Int64.init) ?? settings.limits.messagesPerSecond
      settings.limits.messagesAtOnce =
        limits.integer("messages_at_once", in: 1...10_000_000).map(Int64.init) ?? settings.limits.messagesAtOnce
      limits.finish()
    }
  }

  /// How much is kept of a field: `"laeq": { "raw": 512, "minutes": 240, "quarters": 288, "hours": 720 }`.
  private func rings(_ reader: ObjectReader) -> [Field: RingLayout] {
    var rings: [Field: RingLayout] = [:]
    for field in Field.allCases {
      guard let counts = reader.object(field.rawValue) else { continue }
      let most = 1...RingLayout.maximumCount
      var layout = RingLayout()
      layout.raw = counts.integer("raw", in: most) ?? layout.raw
      // The windows of the indicators look back over minutes.
      for (index, key) in ["minutes", "quarters", "hours"].enumerated() {
        let least = key == "minutes" ? 90 : 4
        layout.rings[index].count = counts.integer(key, in: least...most.upperBound) ?? layout.rings[index].count
      }
      for (index, ring) in layout.classRings.enumerated() {
        layout.classRings[index].count = min(ring.count, layout.rings[index + 1].count)
      }
      do {
        try layout.check(isSound: field == .laeq)
        rings[field] = layout
      } catch {
        counts.error(at: counts.value, "", error.description)
      }
      counts.finish()
    }
    reader.finish()
    return rings
  }

  /// School holidays as the ministry publishes them: zone, first and last day.
  private func schoolHolidays(_ city: ObjectReader, _ content: inout SettingsContent) {
    var periods: [String: [ClosedRange<CivilDay>]] = [:]
    for reader in city.objects("school_holidays") {
      let zone = reader.string("zone", required: true)
      let (from, to) = (reader.day("from"), reader.day("to"))
      _ = reader.string("source")
      reader.finish()
      guard let zone, let from, let to else { continue }
      if from <= to {
        periods[zone, default: []].append(from...to)
      } else {
        reader.error(at: reader.value, "to", "the holidays end on \(to.text), before they begin")
      }
    }
    content.schoolHolidays = periods.compactMapValues(SchoolHolidays.init(periods:))
  }

  private func city(_ root: ObjectReader, _ content: inout SettingsContent) {
    guard let city = root.object("city", required: true) else { return }
    content.cityID = city.identifier("id") ?? ""
    content.cityName = city.string("name", required: true) ?? ""
    content.settings.timeZone = city.string("time_zone") ?? "Europe/Paris"
    content.holidays.law = city.choice("public_holidays", PublicHolidays.Law.self) ?? .france
    for (path, value) in city.list("holidays") {
      if let day = value.string.flatMap({ CivilDay($0) }) {
        content.holidays.others.insert(day)
      } else {
        report.add(
          .error, file, value.position, path,
          "a day such as \"2026-07-14\" was expected, \(ObjectReader.name(value)) was found")
      }
    }
    schoolHolidays(city, &content)
    if let notice = city.object("notice") {
      for language in ["fr", "en"] { content.notice[language] = notice.string(language) }
      notice.finish()
    }
    content.departement = city.string("departement")
    if let departement = content.departement, let value = city.value["departement"],
      !(2...3).contains(departement.utf8.count) || departement.first?.isNumber != true
    {
      city.error(at: value, "departement", "the number of a département such as \"69\" or \"2A\" was expected")
    }
    heat(city, &content)
    content.contact = city.string("contact")
    if let contact = content.contact, !contact.hasPrefix("https://"), !contact.hasPrefix("mailto:") {
      city.error(
        at: city.value["contact"] ?? city.value, "contact",
        "an address that begins with https:// or mailto: was expected")
    }
    if let licence = city.object("licence") {
      let name = licence.string("name", required: true)
      let url = licence.url("url", required: true)
      if let name, let url { content.licence = PublicLicence(name: name, url: url) }
      licence.finish()
    }
    city.finish()
  }

  /// The station whose extremes are observed, and the thresholds they are compared with.
  private func heat(_ city: ObjectReader, _ content: inout SettingsContent) {
    content.heatStation = city.string("heat_station")
    content.heatThresholds = content.departement.flatMap(HeatThresholds.init(departement:))
    if let reader = city.object("heat_thresholds") {
      let minimum: MilliCelsius? = reader.milli("minimum", in: 0...60, required: true)
      let maximum: MilliCelsius? = reader.milli("maximum", in: 0...60, required: true)
      let day = reader.day("valid_from")
      let source = reader.string("source", required: true)
      reader.finish()
      if let minimum, let maximum, let day, let source {
        content.heatThresholds = HeatThresholds(minimum: minimum, maximum: maximum, validFrom: day, source: source)
      }
    }
    guard content.heatThresholds == nil, let value = city.value["heat_station"] else { return }
    city.warning(
      at: value, "heat_station",
      "without a département of mainland France, or heat_thresholds, no heat level is observed")
  }

  private func broker(_ root: ObjectReader, _ settings: inout Settings) {
    guard let broker = root.object("broker") else { return }
    settings.broker.host = broker.string("host") ?? settings.broker.host
    settings.broker.port = broker.integer("port", in: 1...65535) ?? settings.broker.port
    settings.broker.username = broker.string("username")
    settings.broker.passwordFile = broker.string("password_file")
    settings.broker.clientID = broker.string("client_id") ?? settings.broker.clientID
    if let version = broker.member("protocol") {
      if version.isString("5") || version.integer == 5 {
        settings.broker.usesMQTT5 = true
      } else if version.isString("3.1.1") {
        settings.broker.usesMQTT5 = false
      } else {
        broker.error(
          at: version, "protocol", "\"5\" or \"3.1.1\" was expected, \(ObjectReader.name(version)) was found")
      }
    }
    settings.broker.receiveMaximum = broker.integer("receive_maximum", in: 20...5000) ?? settings.broker.receiveMaximum
    settings.broker.keepAlive = broker.integer("keep_alive_s", in: 5...3600) ?? settings.broker.keepAlive
    certificates(broker, &settings.broker)
    broker.finish()
  }

  /// Whom to trust, and what to show: a certificate is nothing without its key, and both nothing without encryption.
  private func certificates(_ reader: ObjectReader, _ broker: inout Settings.Broker) {
    broker.certificateAuthorities = reader.string("ca_file")
    broker.certificate = reader.string("certificate_file")
    broker.key = reader.string("key_file")
    func demand(_ key: String, besides other: String) {
      guard let value = reader.value[other], !value.isNull, reader.value[key]?.isNull ?? true else { return }
      reader.error(at: value, key, "text is required here, since there is \"\(other)\"")
    }
    demand("ca_file", besides: "certificate_file")
    demand("key_file", besides: "certificate_file")
    demand("certificate_file", besides: "key_file")
  }

  private func homeAssistant(_ reader: ObjectReader) -> Settings.HomeAssistant {
    var settings = Settings.HomeAssistant()
    if let prefix = reader.string("prefix"), let value = reader.value["prefix"] {
      let levels = prefix.split(separator: "/", omittingEmptySubsequences: false)
      let isTopic =
        prefix.utf8.count <= 200
        && levels.allSatisfy { level in
          !level.isEmpty && level.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x2B && $0 != 0x23 && $0 != 0x24 }
        }
      if !isTopic || prefix == "tonnelle" || prefix.hasPrefix("tonnelle/") {
        reader.error(
          at: value, "prefix",
          "the first levels of a topic, such as \"homeassistant\", were expected, \(ObjectReader.name(value)) was found"
        )
      }
      settings.prefix = prefix
    }
    settings.language = reader.choice("language", Settings.HomeAssistant.Language.self) ?? settings.language
    reader.finish()
    return settings
  }

  private func subscriptions(_ root: ObjectReader, _ settings: inout Settings) {
    guard root.value["subscriptions"] != nil else {
      _ = root.member("subscriptions")
      settings.subscriptions = [.init(filter: "tonnelle/v1/up/+/+", decoder: .senml, qos: 1)]
      return
    }
    for subscription in root.objects("subscriptions") {
      let filter = subscription.string("topic", required: true)
      let decoder = subscription.choice("decoder", Decoder.self) ?? .senml
      let qos = subscription.integer("qos", in: 0...1) ?? 1
      subscription.finish()
      guard let filter else { continue }
      guard TopicFilter.isValid(filter) else {
        subscription.error(
          at: subscription.value["topic"] ?? subscription.value, "topic",
          "an MQTT filter such as \"tonnelle/v1/up/+/+\" was expected")
        continue
      }
      if let other = settings.subscriptions.first(where: { TopicFilter.overlap($0.filter, filter) }) {
        subscription.error(
          at: subscription.value["topic"] ?? subscription.value, "topic",
          "a topic could match this and \"\(other.filter)\", and would come twice")
      }
      settings.subscriptions.append(.init(filter: filter, decoder: decoder, qos: qos))
    }
  }

  private func endpoints(_ root: ObjectReader, _ settings: inout Settings) {
    if let port = root.object("public") {
      settings.publicPort.address = address(port) ?? settings.publicPort.address
      settings.publicPort.port = port.integer("port", in: 0...65535) ?? settings.publicPort.port
      site(port, &settings.site)
      if let tiles = port.object("map_tiles") {
        let url = tiles.string("url", required: true)
        let attribution = tiles.string("attribution", required: true)
        if let url, let attribution { settings.tiles = .init(url: url, attribution: attribution) }
        tiles.finish()
      }
      port.finish()
    }
    if let port = root.object("operators") {
      settings.operatorsPort.address = address(port) ?? settings.operatorsPort.address
      settings.operatorsPort.port = port.integer("port", in: 0...65535) ?? settings.operatorsPort.port
      settings.operatorsTokenFile = port.string("token_file")
      settings.accountsFile = port.string("accounts")
      if let contacts = port.object("contacts") {
        for member in contacts.value.members {
          settings.contacts[member.key] = contacts.string(member.key) ?? ""
        }
      }
      settings.operatorsURL = port.url("url")
      port.finish()
    }
  }

  /// How the public port is reached, and what it may take.
  private func site(_ port: ObjectReader, _ site: inout Settings.Site) {
    site.url = port.url("url")
    for (path, value) in port.list("trusted_proxies") {
      if let text = value.string, Self.isAddress(text) {
        site.trustedProxies.append(text)
      } else {
        report.add(
          .error, file, value.position, path,
          "an IPv4 address such as \"127.0.0.1\" was expected, \(ObjectReader.name(value)) was found")
      }
    }
    site.threads = port.integer("threads", in: 1...64) ?? site.threads
    site.connections = port.integer("connections", in: 64...100_000) ?? site.connections
    // The proxy is one address, and has limits of its own.
    if !site.trustedProxies.isEmpty { site.connectionsPerAddress = site.connections }
    site.connectionsPerAddress =
      port.integer("connections_per_address", in: 1...100_000) ?? site.connectionsPerAddress
    site.streams = port.integer("streams", in: 0...100_000) ?? site.streams
    site.idleSeconds = port.integer("idle_s", in: 5...600) ?? site.idleSeconds
  }

  private static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  private func address(_ reader: ObjectReader) -> String? {
    guard let text = reader.string("address") else { return nil }
    guard Self.isAddress(text) else {
      reader.error(
        at: reader.value["address"] ?? reader.value, "address",
        "an IPv4 address such as \"127.0.0.1\" or \"0.0.0.0\" was expected")
      return nil
    }
    return text
  }

  private func choices(_ reader: ObjectReader, _ choices: inout Choices) {
    if let minutes = reader.integer("coolness_window_min", in: 1...60) {
      choices.coolnessWindowMinutes = Int64(minutes)
    }
    if let minutes = reader.integer("humidity_window_min", in: 1...120) {
      choices.humidityWindow = .minutes(Int64(minutes))
    }
    if let percent = reader.integer("noise_coverage_percent", in: 1...100) {
      choices.noiseCoverage = Int64(percent) * 10
    }
    if let minutes = reader.integer("reset_grace_min", in: 0...240) { choices.resetGrace = .minutes(Int64(minutes)) }
    if let minutes = reader.integer("free_grace_min", in: 0...240) { choices.freeGrace = .minutes(Int64(minutes)) }
    choices.muchCooler = reader.milli("much_cooler_cel", in: 0...20) ?? choices.muchCooler
    choices.cooler = reader.milli("cooler_cel", in: 0...20) ?? choices.cooler
    if choices.cooler >= choices.muchCooler {
      reader.error(at: reader.value, "cooler_cel", "a number below much_cooler_cel was expected")
    }
    choices.feltBorders = reader.rising("felt_cel", count: 3, in: 0...60) ?? choices.feltBorders
    choices.noiseBorders = reader.rising("noise_db", count: 3, in: 25...130) ?? choices.noiseBorders
    choices.calmPeaks = reader.milli("calm_l10_db", in: 25...130) ?? choices.calmPeaks
    if let shares: [MilliPercent] = reader.rising("occupancy_percent", count: 2, in: 1...94) {
      choices.occupancyBorders = shares.map { $0.rawValue / 100 }
    }
    if let hours = reader.object("noise_hours") { noiseHours(hours, &choices.noiseHours) }
    if let percent = reader.integer("noise_day_coverage_percent", in: 1...100) {
      choices.noiseDayCoverage = Int64(percent) * 10
    }
    if let percent = reader.integer("extremes_coverage_percent", in: 1...100) {
      choices.extremesCoverage = Int64(percent) * 10
    }
    if let limits = reader.object("quality") { quality(limits, &choices.quality) }
    reader.finish()
  }

  private func noiseHours(_ reader: ObjectReader, _ hours: inout NoiseHours) {
    hours.day = reader.integer("day", in: 0...21) ?? hours.day
    hours.evening = reader.integer("evening", in: 1...22) ?? hours.evening
    hours.night = reader.integer("night", in: 2...23) ?? hours.night
    if !(hours.day < hours.evening && hours.evening < hours.night) {
      reader.error(at: reader.value, "evening", "the day must begin before the evening, and that before the night")
    }
    reader.finish()
  }

  /// Thresholds of series quality, and where they come from.
  private func quality(_ reader: ObjectReader, _ limits: inout QualityLimits) {
    limits.spikeSuspect = reader.milli("spike_suspect_cel", in: 0...60) ?? limits.spikeSuspect
    limits.spikeFail = reader.milli("spike_fail_cel", in: 0...100) ?? limits.spikeFail
    limits.humiditySpike = reader.milli("humidity_spike_percent", in: 1...100) ?? limits.humiditySpike
    if let hours = reader.integer("flat_suspect_h", in: 1...72) { limits.flatSuspect = .hours(Int64(hours)) }
    if let hours = reader.integer("flat_fail_h", in: 1...72) { limits.flatFail = .hours(Int64(hours)) }
    if let minutes = reader.integer("flat_noise_min", in: 15...1440) { limits.flatNoise = .minutes(Int64(minutes)) }
    limits.neighbours = reader.milli("neighbours_cel", in: 1...60) ?? limits.neighbours
    limits.siting = reader.milli("siting_cel", in: 1...60) ?? limits.siting
    limits.source = reader.string("source")
    if limits.spikeFail < limits.spikeSuspect || limits.flatFail < limits.flatSuspect {
      reader.error(at: reader.value, "", "what fails must be worse than what is suspect")
    }
    reader.finish()
  }
}
