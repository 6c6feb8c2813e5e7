// An alert as it leaves: what, since when, whom it concerns, and a sentence in two languages.

public import Configuration
internal import JSONText
public import Quantities

/// How much it matters.
public enum AlertSeverity: String, CaseIterable, Hashable, Comparable, Sendable {
  /// Look at it today.
  case warning
  /// Look at it now.
  case critical

  /// Whether one matters less than another.
  public static func < (a: AlertSeverity, b: AlertSeverity) -> Bool { a == .warning && b == .critical }
}

/// Whom or what an alert concerns.
public struct AlertSubject: Hashable, Sendable {
  /// Identifier: a sensor's, a place's, a heat level, `loop` or `journal`; the rule's own name where there is but one.
  public var id: String
  /// Name for people.
  public var name: String
  /// Since when it is so, or was.
  public var since: Instant

  /// A subject.
  public init(id: String, name: String, since: Instant) {
    self.id = id
    self.name = name
    self.since = since
  }
}

/// Something that people on duty are told, once.
public struct AlertEvent: Hashable, Sendable {
  /// Raised or over.
  public enum State: String, CaseIterable, Hashable, Sendable { case raised, cleared }

  /// The rule.
  public var rule: AlertRule
  /// Raised or over.
  public var state: State
  /// When it was decided to tell.
  public var at: Instant
  /// Whom it concerns, in the order of their identifiers: one at least.
  public var subjects: [AlertSubject]

  /// An event.
  public init(rule: AlertRule, state: State, at: Instant, subjects: [AlertSubject]) {
    self.rule = rule
    self.state = state
    self.at = at
    self.subjects = subjects
  }

  /// Subjects that a message lists; of more, only the number is told.
  static let mostListed = 100

  /// How much it matters.
  public var severity: AlertSeverity { subjects.map { Self.severity(rule, $0.id) }.max() ?? .warning }

  static func severity(_ rule: AlertRule, _ subject: String) -> AlertSeverity {
    switch rule {
    case .brokerLost, .storingFails: .critical
    case .heatLevel: subject == "4" ? .critical : .warning
    case .sensorSilent, .placeFull, .placeHot, .gatewayBehind, .diskLow: .warning
    }
  }

  /// What a receiver gets.
  ///
  /// - Parameters:
  ///   - id: the event's name, which never changes.
  ///   - origin: the gateway that tells it.
  /// - Returns: one JSON object.
  public func json(id: String, from origin: AlertOrigin) -> [UInt8] {
    let zone = origin.zone
    var json = JSONWriter()
    json.object { json in
      json.member("id", id)
      json.member("gateway", origin.gateway)
      json.member("city", origin.city)
      json.member("rule", rule.rawValue)
      json.member("severity", severity.rawValue)
      json.member("state", state.rawValue)
      json.member("at", zone.text(Instant(seconds: at.seconds)))
      json.member(ifPresent: "since", subjects.map(\.since).min().map { zone.text(Instant(seconds: $0.seconds)) })
      json.member("count", subjects.count)
      json.key("subjects")
      json.array { json in
        for subject in subjects.prefix(Self.mostListed) {
          json.object { json in
            json.member("id", subject.id)
            json.member("name", subject.name)
            json.member("since", zone.text(Instant(seconds: subject.since.seconds)))
          }
        }
      }
      json.key("sentence")
      json.object { json in
        json.member("fr", AlertWords.french(self))
        json.member("en", AlertWords.english(self))
      }
      json.member(ifPresent: "link", origin.link)
    }
    return json.bytes
  }
}

/// Who tells.
public struct AlertOrigin: Sendable {
  /// The gateway's identifier.
  public var gateway: String
  /// The city's name.
  public var city: String
  /// Civil time of the city.
  public var zone: CivilZone
  /// The operators' page, if the settings name its address.
  public var link: String?

  /// A gateway.
  public init(gateway: String, city: String, zone: CivilZone, link: String?) {
    self.gateway = gateway
    self.city = city
    self.zone = zone
    self.link = link
  }
}
