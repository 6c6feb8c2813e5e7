// What the pass needs of the world outside, as protocols: the simulation and the tests stand in for each.

public import Core
public import CoolIslands
public import MQTTLink
public import Publication
public import Quantities
public import Store

/// The connection to the broker.
public protocol GatewayLink: AnyObject {
  /// Begins to connect; what comes of it is told by `read`.
  func startConnecting()
  /// Whether the network is there, so that something can be queued.
  var isConnected: Bool { get }
  /// Reads until nothing is left or so many messages have come.
  func read(limit: Int) -> [LinkEvent]
  /// Sends what is queued, acknowledgements included.
  func write()
  /// Closes without sending.
  func abandon()
  /// Keeps the connection alive.
  func keepAlive()
  /// Asks for filters.
  func subscribe(_ filters: [String], qos: Int) -> Int?
  /// Ends a subscription.
  func unsubscribe(_ filter: String)
  /// Queues a message.
  func publish(_ topic: String, _ payload: [UInt8], qos: Int, retain: Bool) -> Int?
  /// Says goodbye.
  func disconnect()
}

/// The durable store: journal, checkpoints, history.
public protocol GatewayStore: AnyObject {
  /// Number of the next entry.
  var nextPosition: Int64 { get }
  /// Whether retention left something for the next commit.
  var hasMoreToTrim: Bool { get }
  /// Stores all of it; it is on the disk when this returns.
  ///
  /// - Throws: ``StoreError``; then nothing of it is stored.
  func commit(_ commit: Commit) throws(StoreError)
  /// One day of one series as it is stored.
  ///
  /// - Throws: ``StoreError`` when it cannot be read.
  func day(_ day: Int64, sensor: String, field: String) throws(StoreError) -> HistoryDay?
  /// The series that have a row of a day.
  ///
  /// - Throws: ``StoreError`` when they cannot be read.
  func names(ofDay day: Int64) throws(StoreError) -> [(sensor: String, field: String)]
  /// Whether a write succeeds now.
  ///
  /// - Throws: ``StoreError`` when it does not.
  func probe() throws(StoreError)
}

extension Database: GatewayStore {}

/// Whoever shows what the gateway knows: the two HTTP ports.
public protocol GatewayOutlets: AnyObject {
  /// A new snapshot for everyone, and the identifiers of the places that changed.
  func show(_ snapshot: PublicSnapshot, changed: [String])
  /// What people on duty see.
  func show(_ view: OperatorsView, status: GatewayStatus)
  /// What followed from a batch or from the passing of time, in order.
  func note(_ effects: [Effect], zone: CivilZone)
  /// The loop turned.
  func turned(at moment: Moment)
}

/// How the gateway itself is doing.
public struct GatewayStatus: Sendable {
  /// Whether the broker is there; nil when it was never reached.
  public var brokerConnected: Bool
  /// The last reason why it was not.
  public var brokerReason: String?
  /// Filters whose subscription the broker refuses.
  public var refusedFilters: [String]
  /// Why nothing can be stored, if so.
  public var storeReason: String?
  /// The account of every reading.
  public var ledger: Ledger
  /// The last entry of the journal.
  public var position: Int64
  /// The last complete checkpoint, 0 if there is none, and the last entry that a start with it need not read.
  public var checkpoint: (number: Int64, first: Int64)
  /// Batches committed since the start.
  public var batches: Int64
  /// Who speaks and stands in no setting.
  public var strangers: Strangers
}
