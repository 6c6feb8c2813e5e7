// The settings file: what a gateway is, where its broker is, whom it serves.

public import SensorProtocol

/// Settings as values; every one has been checked.
public struct Settings: Sendable {
  /// The gateway's identifier in topics.
  public var gateway = ""
  /// The folder for journal and lock.
  public var dataFolder = "data"
  /// The GeoJSON file of places.
  public var placesFile = ""
  /// The file that says where people live, if there is one.
  public var populationFile: String?
  /// The name of the time zone.
  public var timeZone = "Europe/Paris"
  /// The broker.
  public var broker = Broker()
  /// What is listened to.
  public var subscriptions: [Subscription] = []
  /// The public port.
  public var publicPort = Endpoint(address: "127.0.0.1", port: 8080)
  /// How the public port is reached, and what it may take.
  public var site = Site()
  /// The operators' port.
  public var operatorsPort = Endpoint(address: "127.0.0.1", port: 8081)
  /// The file that holds the operators' token.
  public var operatorsTokenFile: String?
  /// The file of the operators' accounts; nil gives the token all rights.
  public var accountsFile: String?
  /// Whom to call: by `sensors`, `timetables`, `heat` or a place's identifier.
  public var contacts: [String: String] = [:]
  /// The address of the operators' page as people on duty know it, for links in alerts.
  public var operatorsURL: String?
  /// Who is told of what; nil where nobody is.
  public var alerts: Alerts?
  /// Who keeps what was published for years; nil where nobody does.
  public var longHistory: LongHistory?
  /// Who holds the present of the city's things; nil where nobody is told.
  public var contextBroker: ContextBroker?
  /// The map's base layer; none draws places on plain ground.
  public var tiles: Tiles?

  /// How places are announced to Home Assistant; nil does not.
  public var homeAssistant: HomeAssistant?
  /// Whether a clock that lies far beside the journal is believed though no time server has set it.
  public var trustsClock = false
  /// How long what is stored is kept.
  public var retention = Retention()
  /// What a single sensor may take.
  public var limits = Limits()

  /// How long what is stored is kept.
  public struct Retention: Hashable, Sendable {
    /// Days of the journal.
    public var journalDays: Int64 = 7
    /// Mebibytes of the journal, if they are reached before the days.
    public var journalMebibytes: Int64 = 2048
    /// Civil days whose quarter hours are kept.
    public var quarterDays: Int64 = 35
    /// Civil days whose hours are kept, and of transitions: three years.
    public var historyDays: Int64 = 1096
  }

  /// What a single sensor may take, so that one that shouts is heard no louder than the others.
  public struct Limits: Hashable, Sendable {
    /// Messages a second in the long run.
    public var messagesPerSecond: Int64 = 20
    /// Messages at once, after it was silent: what it sent while nobody listened arrives together.
    public var messagesAtOnce: Int64 = 72_000
  }

  /// Where the broker is and how to talk to it.
  public struct Broker: Hashable, Sendable {
    /// Host name or address.
    public var host = "127.0.0.1"
    /// Port.
    public var port = 1883
    /// User name, if it asks for one.
    public var username: String?
    /// The file whose first line is the password.
    public var passwordFile: String?
    /// The client identifier: fixed and unique, or two gateways throw each other out; empty for one that is made once.
    public var clientID = ""
    /// MQTT 5 or 3.1.1.
    public var usesMQTT5 = true
    /// Unacknowledged messages the broker may send: the largest batch.
    public var receiveMaximum = 2000
    /// Seconds between signs of life.
    public var keepAlive = 30
    /// The certificates to trust; with them the connection is encrypted.
    public var certificateAuthorities: String?
    /// The file of the gateway's own certificate, for a broker that asks for one.
    public var certificate: String?
    /// The file of its private key.
    public var key: String?
  }

  /// How places are announced to Home Assistant.
  public struct HomeAssistant: Hashable, Sendable {
    /// The languages in which entities can be named.
    public enum Language: String, CaseIterable, Sendable { case fr, en }

    /// The first levels of its topics.
    public var prefix = "homeassistant"
    /// The language of its entities' names.
    public var language = Language.fr
  }

  /// A filter that is subscribed to, and what reads its payloads.
  public struct Subscription: Hashable, Sendable {
    /// The MQTT filter.
    public var filter: String
    /// The decoder.
    public var decoder: Decoder
    /// Quality of service, 0 or 1.
    public var qos: Int
  }

  /// How the public port is reached, and what it may take.
  public struct Site: Hashable, Sendable {
    /// The address that people know, without a slash at its end; nil takes the one they came by.
    public var url: String?
    /// Reverse proxies whose forwarded headers are believed.
    public var trustedProxies: [String] = []
    /// Threads that answer.
    public var threads = 2
    /// Connections at once.
    public var connections = 6000
    /// Connections at once from one address: a school or a company is one.
    public var connectionsPerAddress = 256
    /// Event streams at once.
    public var streams = 5000
    /// Seconds without traffic after which a connection is closed.
    public var idleSeconds = 30

    /// What is not said otherwise.
    public init() {}
  }

  /// An address to listen on.
  public struct Endpoint: Hashable, Sendable {
    /// IPv4 address.
    public var address: String
    /// Port; 0 takes a free one.
    public var port: Int
  }

  /// A map's base layer.
  public struct Tiles: Hashable, Sendable {
    /// The URL with `{z}`, `{x}`, `{y}`.
    public var url: String
    /// Whom to credit.
    public var attribution: String
  }
}
