// What is published now, for a context broker of NGSI-LD. It wants the present, so no value waits for it; which entities
// it may hold is kept in an outbox, so that those of places that are gone go there too, whenever that happened.

public import Configuration
internal import Dispatch
internal import Foundation
internal import JSONText
public import Publication
internal import Quantities
internal import Store
internal import Synchronization

/// What the link to a context broker tells the log.
public enum ContextBrokerNews: Sendable {
  /// The broker does not take entities, or takes them again.
  case notDelivered, delivered
  /// The outbox cannot be opened or written, or can be again.
  case outboxFailed, outboxRecovered
}

/// Keeps the entities of a context broker like what is published.
///
/// An entity is sent whole when it differs from what the broker acknowledged, so that a value that is no longer known goes.
/// After a time in which the broker was away it gets what holds then.
///
/// `@unchecked Sendable`: everything but the last snapshot is touched on the queue alone.
public final class ContextBroker: @unchecked Sendable {
  private static let interval = DispatchTimeInterval.milliseconds(500)
  /// Entities, and about how many bytes, of one request.
  private static let most = (entities: 100, bytes: 512 << 10)

  /// An entity as the broker was told.
  private struct Told {
    /// What it acknowledged; nil where it acknowledged nothing yet.
    var json: [UInt8]?
    var notBefore: DispatchTime
  }

  private let settings: Settings.ContextBroker
  private let base: URLComponents
  private let caller: HTTPCaller
  private let folder: String
  private let tell: @Sendable (ContextBrokerNews, String) -> Void
  private let queue = DispatchQueue(label: "tonnelle.context", qos: .utility)
  private let latest = Mutex<PublicSnapshot?>(nil)
  private var told: [String: Told] = [:]
  private var outbox: Outbox?
  /// The entities that the outbox names.
  private var noted: Set<String> = []
  private var storeReason: String?
  private var isBusy = false
  private var attempts = 0
  private var notBefore = DispatchTime(uptimeNanoseconds: 0)
  private var lastError: String?
  private var timer: (any DispatchSourceTimer)?

  /// A broker that has been told nothing; nil for an address that cannot be used.
  ///
  /// - Parameters:
  ///   - settings: where it is.
  ///   - token: what it wants to see, if anything.
  ///   - folder: the data folder, whose lock the caller holds.
  ///   - tell: takes a sentence for the log.
  public init?(
    _ settings: Settings.ContextBroker, token: String?, folder: String,
    tell: @escaping @Sendable (ContextBrokerNews, _ text: String) -> Void
  ) {
    guard let base = URLComponents(string: settings.url), base.url != nil else { return nil }
    self.settings = settings
    self.base = base
    self.folder = folder
    self.tell = tell
    caller = HTTPCaller(token: token)
  }

  /// Begins to send.
  public func start() {
    queue.async { [self] in timer = queue.ticking(every: Self.interval) { [weak self] in self?.turn() } }
  }

  /// Stops; the next start tells everything that holds then.
  public func stop() {
    queue.sync {
      timer?.cancel()
      timer = nil
      caller.cancel()
      outbox = nil
    }
  }

  /// Takes what is published now; from any thread.
  public func show(_ snapshot: PublicSnapshot) { latest.withLock { $0 = snapshot } }

  // MARK: What the broker may hold

  private func open() throws(StoreError) -> Outbox {
    if let outbox { return outbox }
    let new = try Outbox(folder: folder, file: "context.sqlite", receivers: ["context_broker"])
    let names = String(decoding: try new.state() ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
    noted.formUnion(names)
    for name in names where told[name] == nil { told[name] = Told(notBefore: .now()) }
    outbox = new
    return new
  }

  /// Notes which entities the broker may hold; a disk that does not take it keeps no value back.
  private func note(_ change: (inout Set<String>) -> Void = { _ in }) {
    do throws(StoreError) {
      let outbox = try open()
      var names = noted
      change(&names)
      if names != noted {
        var commit = OutboxCommit()
        commit.state = Array(names.sorted().joined(separator: "\n").utf8)
        try outbox.commit(commit)
        noted = names
      }
      if storeReason != nil { tell(.outboxRecovered, "the outbox of the context broker can be written again") }
      storeReason = nil
    } catch {
      if storeReason == nil {
        tell(.outboxFailed, "\(error); the entities of places that go before the next start may stay at the broker")
      }
      storeReason = error.description
    }
  }

  // MARK: What it is told

  private func turn() {
    if outbox == nil { note() }
    guard !isBusy, notBefore <= .now(), let snapshot = latest.withLock({ $0 }) else { return }
    var batch: [(name: String, json: [UInt8])] = []
    var bytes = 0
    for place in snapshot.places {
      let name = ContextEntity.name(city: snapshot.city.id, place: place.about.id)
      if let told = told[name], told.notBefore > .now() { continue }
      let json = ContextEntity.json(place, city: snapshot.city.id)
      guard told[name]?.json != json else { continue }
      batch.append((name, json))
      bytes += json.count
      if batch.count == Self.most.entities || bytes > Self.most.bytes { break }
    }
    if !batch.isEmpty { return upsert(batch) }
    let names = Set(snapshot.places.map { ContextEntity.name(city: snapshot.city.id, place: $0.about.id) })
    let gone = told.keys.filter { !names.contains($0) }.sorted().prefix(Self.most.entities)
    if !gone.isEmpty { delete(Array(gone)) }
  }

  private func upsert(_ batch: [(name: String, json: [UInt8])]) {
    note { $0.formUnion(batch.map(\.name)) }
    // Without `options=update`: an attribute that is not there any more goes.
    post("upsert", Array("[".utf8) + batch.map(\.json).joined(separator: [0x2C]) + Array("]".utf8)) { broker, refused in
      let next = DispatchTime.now() + .milliseconds(Int(broker.settings.interval.milliseconds))
      for (name, json) in batch {
        broker.told[name] = Told(json: refused.contains(name) ? nil : json, notBefore: next)
      }
    }
  }

  private func delete(_ names: [String]) {
    var json = JSONWriter()
    json.array { json in for name in names { json.string(name) } }
    post("delete", json.bytes) { broker, refused in
      let gone = names.filter { !refused.contains($0) }
      for name in gone { broker.told[name] = nil }
      broker.note { $0.subtract(gone) }
    }
  }

  /// Posts an operation on entities.
  ///
  /// - Parameters:
  ///   - operation: its name.
  ///   - body: what it is about.
  ///   - done: called on the queue when the broker has taken it, with the entities that it refused.
  private func post(
    _ operation: String, _ body: [UInt8], done: @escaping @Sendable (ContextBroker, _ refused: Set<String>) -> Void
  ) {
    var url = base
    url.path += "/ngsi-ld/v1/entityOperations/" + operation
    guard let url = url.url else { return }
    var headers = ["Content-Type": "application/ld+json", "Accept": "application/json"]
    headers["NGSILD-Tenant"] = settings.tenant
    isBusy = true
    caller.call("POST", url, headers: headers, body: body, mostBytes: 1 << 20) { [self] answer in
      queue.async { [self] in
        isBusy = false
        take(answer, isDeletion: operation == "delete", done)
      }
    }
  }

  private func take(_ answer: HTTPAnswer, isDeletion: Bool, _ done: (ContextBroker, Set<String>) -> Void) {
    // What was to be deleted and is not there is gone; but a broker must say so, and not a proxy before it.
    let isGone =
      isDeletion && answer.status == 404 && (try? JSONDocument(answer.body).root).map(Self.isAbsence) ?? false
    guard answer.isWhole || isGone else { return fail(answer.fault) }
    // 207 says which ones went wrong.
    let refused = answer.status == 207 ? Self.refused(answer.body, isDeletion: isDeletion) : []
    done(self, Set(refused.map(\.name)))
    if let first = refused.first { return fail("it refuses \(refused.count) entities, \(first.name): \(first.reason)") }
    if lastError != nil { tell(.delivered, "the context broker takes entities again") }
    lastError = nil
    attempts = 0
  }

  /// Whether an error of NGSI-LD (ETSI GS CIM 009, 6.3.2) says that something is not there.
  private static func isAbsence(_ error: JSONValue) -> Bool {
    error["type"]?.string?.hasSuffix("/ResourceNotFound") ?? false
  }

  private static func refused(_ body: [UInt8], isDeletion: Bool) -> [(name: String, reason: String)] {
    guard let errors = try? JSONDocument(body).root["errors"] else { return [] }
    return errors.elements.compactMap { error in
      guard let name = error["entityId"]?.string else { return nil }
      if isDeletion, let error = error["error"], isAbsence(error) { return nil }
      return (name, String((error["error"]?["title"]?.string ?? "no reason").prefix(200)))
    }
  }

  private func fail(_ reason: String) {
    if lastError == nil { tell(.notDelivered, "the context broker does not take entities: \(reason); trying again") }
    lastError = reason
    notBefore = .now() + AlertService.delay(afterAttempt: min(attempts, 5), jitter: .random(in: 0...500))
    attempts += 1
  }
}
