// What the rules of alerts look at: plain values, no counts of people.

public import Quantities

/// The city and its gateway at a moment, as far as alerts depend on it.
public struct AlertFacts: Sendable {
  /// The heat level in force, 1 to 4; nil when nobody says.
  public var heatLevel: Int?
  /// The places.
  public var places: [Place]
  /// The sensors, those in the street included.
  public var sensors: [Sensor]
  /// The gateway itself.
  public var gateway: Gateway

  /// Facts.
  public init(heatLevel: Int?, places: [Place], sensors: [Sensor], gateway: Gateway) {
    self.heatLevel = heatLevel
    self.places = places
    self.sensors = sensors
    self.gateway = gateway
  }

  /// A place.
  public struct Place: Sendable {
    /// Identifier.
    public var id: String
    /// Name.
    public var name: String
    /// Whether it is open; nil where that is not known.
    public var isOpen: Bool?
    /// Whether it is full; nil where that is not known.
    public var isFull: Bool?
    /// Whether it is cool, or cooler than its reference; nil where that is not known or not measured.
    public var isCool: Bool?

    /// A place.
    public init(id: String, name: String, isOpen: Bool?, isFull: Bool?, isCool: Bool?) {
      self.id = id
      self.name = name
      self.isOpen = isOpen
      self.isFull = isFull
      self.isCool = isCool
    }
  }

  /// A sensor.
  public struct Sensor: Sendable {
    /// Identifier.
    public var id: String
    /// Its name for people: with its place, if it has one.
    public var name: String
    /// When it was last heard.
    public var lastHeard: Instant?
    /// Whether that is longer ago than its patience.
    public var isSilent: Bool
    /// Whether somebody works on it: then it raises nothing.
    public var isInMaintenance: Bool

    /// A sensor.
    public init(id: String, name: String, lastHeard: Instant?, isSilent: Bool, isInMaintenance: Bool = false) {
      self.id = id
      self.name = name
      self.lastHeard = lastHeard
      self.isSilent = isSilent
      self.isInMaintenance = isInMaintenance
    }
  }

  /// How the gateway is doing.
  public struct Gateway: Sendable {
    /// Whether the broker is there.
    public var isConnected: Bool
    /// Whether the journal can be written.
    public var isStoring: Bool
    /// Real time since the loop last turned.
    public var loopAge: Span
    /// Entries of the journal that a start would read.
    public var entriesBehind: Int64
    /// Free mebibytes on the disk of the data folder; nil where the system does not say.
    public var freeMebibytes: Int64?

    /// A gateway.
    public init(isConnected: Bool, isStoring: Bool, loopAge: Span, entriesBehind: Int64, freeMebibytes: Int64?) {
      self.isConnected = isConnected
      self.isStoring = isStoring
      self.loopAge = loopAge
      self.entriesBehind = entriesBehind
      self.freeMebibytes = freeMebibytes
    }
  }
}
