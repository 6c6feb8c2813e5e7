// From what the gateway shows to what alerts look at, and from the settings to who is told.

internal import Configuration
internal import Core
internal import CoolIslands
internal import FoundationEssentials
internal import Gateway
internal import Glibc
internal import JSONText
internal import Outlets
internal import Publication
internal import Quantities
internal import Store
internal import Synchronization

extension AlertFacts {
  /// Facts about a city and its gateway.
  ///
  /// - Parameters:
  ///   - view: what people on duty see.
  ///   - status: how the gateway is doing.
  ///   - loopAge: real time since the loop last turned.
  ///   - freeMebibytes: room on the disk of the data folder, if the system says.
  init(_ view: OperatorsView, _ status: GatewayStatus, loopAge: Span, freeMebibytes: Int64?) {
    let heat = view.heatNow.map(\.level).max()
    let places = view.places.map { place in
      Place(
        id: place.id, name: place.name, isOpen: Self.isOpen(place.indicators),
        isFull: place.indicators.occupancy.map { $0.level == .full }, isCool: Self.isCool(place.indicators))
    }
    func sensor(_ row: OperatorsView.SensorRow, at place: String?) -> Sensor {
      Sensor(
        id: row.id, name: place.map { "\($0) (\(row.id))" } ?? row.id, lastHeard: row.lastObserved,
        isSilent: !row.isAlive, isInMaintenance: row.maintenance != nil)
    }
    let sensors = view.places.flatMap { place in place.sensors.map { sensor($0, at: place.name) } }
    self.init(
      heatLevel: heat, places: places, sensors: sensors + view.stations.map { sensor($0, at: nil) },
      gateway: Gateway(
        isConnected: status.brokerConnected, isStoring: status.storeReason == nil, loopAge: loopAge,
        entriesBehind: status.position - status.checkpoint.first, freeMebibytes: freeMebibytes))
  }

  private static func isOpen(_ indicators: PublicIndicators) -> Bool? {
    switch indicators.opening.state {
    case .open: true
    case .closed: false
    case .unknown, .contradicted: nil
    }
  }

  private static func isCool(_ indicators: PublicIndicators) -> Bool? {
    if indicators.availability == .warm { return false }
    let reasons = indicators.reasons
    return reasons.contains(.feltCool) || reasons.contains(.coolerThanReference) ? true : nil
  }
}

/// The alerts of a running gateway.
final class Alerting: Sendable {
  private let service: AlertService
  private let latest: Latest

  /// The last that the loop showed.
  private final class Latest: Sendable {
    let shown = Mutex<(view: OperatorsView, status: GatewayStatus)?>(nil)
  }

  /// Opens the outbox and begins; nil where the settings name no alerts.
  ///
  /// - Parameters:
  ///   - loaded: the configuration.
  ///   - timebase: where core time comes from.
  ///   - clock: when the loop last turned.
  ///   - outgoing: the gateway's connection.
  /// - Throws: ``CommandFailure`` when a token cannot be used.
  init?(
    _ loaded: LoadedConfiguration, timebase: Timebase, clock: LoopClock, outgoing: OutgoingMessages
  ) throws(CommandFailure) {
    let (settings, city) = (loaded.configured.settings, loaded.configured.city)
    guard let alerts = settings.alerts else { return nil }
    var receivers: [any AlertReceiver] = []
    for receiver in alerts.receivers {
      switch receiver.way {
      case .webhook(let url, let tokenFile):
        let token = try tokenFile.map { name throws(CommandFailure) in try Files.token(loaded.path(of: name)) }
        guard let webhook = WebhookReceiver(id: receiver.id, url: url, token: token) else {
          throw CommandFailure("the address \(url) of the receiver \"\(receiver.id)\" cannot be used")
        }
        receivers.append(webhook)
      case .mqtt:
        receivers.append(
          TopicReceiver(id: receiver.id, topic: Topics.alerts(settings.gateway)) { outgoing.send($0, $1, answer: $2) })
      case .mail(let address, let command):
        receivers.append(
          MailReceiver(id: receiver.id, address: address, command: command, language: alerts.language))
      }
    }
    let latest = Latest()
    let folder = loaded.dataFolder
    self.latest = latest
    service = AlertService(
      alerts,
      from: AlertOrigin(gateway: settings.gateway, city: city.name, zone: city.zone, link: settings.operatorsURL),
      folder: folder, receivers: receivers,
      surroundings: .init(
        facts: {
          guard let shown = latest.shown.withLock({ $0 }) else { return nil }
          return AlertFacts(
            shown.view, shown.status, loopAge: clock.age, freeMebibytes: Self.freeMebibytes(of: folder))
        },
        now: { timebase.moment().core },
        log: { Self.log($0, $1) },
        makeID: { UUID().uuidString.lowercased() }))
    service.start()
  }

  /// What the loop shows.
  ///
  /// Places that are not known yet are no news.
  func show(_ view: OperatorsView, _ status: GatewayStatus) {
    guard view.isWhole else { return }
    latest.shown.withLock { $0 = (view, status) }
  }

  /// What is raised, and how the outbox is doing, as JSON.
  var document: [UInt8] {
    let status = service.status
    var json = JSONWriter()
    json.object { json in
      json.key("raised")
      json.array { json in
        for alert in status.raised {
          json.object { json in
            json.member("rule", alert.rule.rawValue)
            json.member("subject", alert.subject.id)
            json.member("name", alert.subject.name)
            json.member("since", alert.subject.since.rfc3339())
          }
        }
      }
      json.key("receivers")
      json.array { json in
        for receiver in status.receivers {
          json.object { json in
            json.member("id", receiver.id)
            json.member("waiting", receiver.waiting)
            json.member(ifPresent: "oldest", receiver.oldest)
            json.member(ifPresent: "last_error", receiver.lastError)
            json.member("delivered", receiver.delivered)
            json.member("dropped", receiver.dropped)
            json.member("refused", receiver.refused)
          }
        }
      }
      json.member(ifPresent: "outbox_failed", status.storeReason)
    }
    return json.bytes
  }

  /// Stops; what has not left waits for the next start.
  func stop() { service.stop() }

  private static func log(_ news: AlertNews, _ text: String) {
    switch news {
    case .raised: Log.warning("alert_raised", text)
    case .cleared: Log.notice("alert_cleared", text)
    case .notDelivered: Log.warning("alert_not_delivered", text)
    case .delivered: Log.notice("alerts_delivered", text)
    case .refused: Log.warning("alert_refused", text)
    case .dropped: Log.warning("alerts_dropped", text)
    case .outboxClosed: Log.error("outbox_closed", text)
    case .outboxFailed: Log.error("outbox_failed", text)
    case .outboxRecovered: Log.notice("outbox_recovered", text)
    }
  }

  private static func freeMebibytes(of folder: String) -> Int64? {
    StorageUse(folder: folder).map { $0.freeBytes >> 20 }
  }
}
