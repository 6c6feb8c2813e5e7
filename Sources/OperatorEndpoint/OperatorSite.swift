// The operators' port: what is private stays here, behind a token.

public import CoolIslands
public import HTTPServer
internal import Pages
internal import Publication
internal import Quantities
public import Store
internal import Synchronization

/// What the operators' port shows beside the city: how the gateway is doing.
public struct OperatorsFacts: Sendable {
  /// The city.
  public var view: OperatorsView
  /// Whether the broker is there.
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

  /// Facts.
  public init(
    view: OperatorsView, brokerConnected: Bool, brokerReason: String?, refusedFilters: [String], storeReason: String?,
    ledger: Ledger, position: Int64, checkpoint: (number: Int64, first: Int64), batches: Int64,
    strangers: Strangers
  ) {
    self.view = view
    self.brokerConnected = brokerConnected
    self.brokerReason = brokerReason
    self.refusedFilters = refusedFilters
    self.storeReason = storeReason
    self.ledger = ledger
    self.position = position
    self.checkpoint = checkpoint
    self.batches = batches
    self.strangers = strangers
  }
}

/// What the public port serves and refuses.
public struct PublicTraffic: Sendable {
  /// Connections that are open.
  public var connections: Int
  /// Event streams: open, refused since there were too many, ended since they fell behind.
  public var streams: (open: Int, refused: Int, dropped: Int)

  /// Traffic.
  public init(connections: Int, streams: (open: Int, refused: Int, dropped: Int)) {
    self.connections = connections
    self.streams = streams
  }
}

/// The operators' site.
public final class OperatorSite: Sendable {
  private let token: [UInt8]
  private let current = Mutex<OperatorsFacts?>(nil)
  private let traffic: @Sendable () -> PublicTraffic
  private let export: @Sendable (Request) -> Reply
  private let history: Mutex<HistoryReader?> = Mutex(nil)

  /// A site.
  ///
  /// - Parameters:
  ///   - token: what a caller must know.
  ///   - traffic: what the public port serves.
  ///   - export: answers with the public site as files: too much work to be done for everybody.
  public init(
    token: String, traffic: @escaping @Sendable () -> PublicTraffic, export: @escaping @Sendable (Request) -> Reply
  ) {
    self.token = Array(token.utf8)
    self.traffic = traffic
    self.export = export
  }

  /// What the rings have forgotten can be read from here on.
  public func open(_ history: HistoryReader) { self.history.withLock { $0 = history } }

  /// New facts.
  public func show(_ facts: OperatorsFacts) { current.withLock { $0 = facts } }

  private static let cookie = "tonnelle_token"

  /// Answers a request; nothing without the token.
  public func reply(to request: Request) -> Reply {
    if request.path == "/", let offered = request.query.first(where: { $0.name == "token" })?.value, isToken(offered) {
      // The address with the token must not stay in the browser's bar and history.
      return .response(
        Response(
          status: 303,
          headers: [
            ("Location", "/"), ("Cache-Control", "no-store"),
            ("Set-Cookie", "\(Self.cookie)=\(offered); HttpOnly; SameSite=Strict; Path=/"),
          ], body: []))
    }
    guard isAllowed(request) else {
      return .response(
        .problem(
          401, "Unauthorized", "a token is needed: as Authorization: Bearer, or once as /?token= in a browser",
          headers: [("WWW-Authenticate", "Bearer")]))
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      return .response(.problem(405, "Method not allowed", "only GET and HEAD", headers: [("Allow", "GET, HEAD")]))
    }
    if request.path == "/style.css" {
      return .response(
        Response(
          status: 200, headers: [("Content-Type", "text/css; charset=utf-8")], body: Array(Assets.styleSheet.utf8)))
    }
    guard let facts = current.withLock({ $0 }) else {
      return .response(.problem(503, "Starting", "the gateway is reading its journal"))
    }
    switch request.path {
    case "/":
      let language =
        Language(
          rawValue: request.query.first { $0.name == "lang" }?.value ?? "")
        ?? Language(accepting: request.header("Accept-Language"))
      return document("text/html; charset=utf-8", Array(Board(facts: facts, language: language).html.utf8))
    case "/metrics":
      return document(
        "text/plain; version=0.0.4; charset=utf-8", Array(Metrics.text(facts, traffic: traffic()).utf8))
    case "/api/export": return export(request)
    case "/api/ledger": return document("application/json", StatusDocuments.ledger(facts.ledger))
    case "/api/unknown": return document("application/json", StatusDocuments.unknown(facts))
    case "/api/status": return document("application/json", StatusDocuments.status(facts))
    case "/api/history", "/api/transitions":
      guard let history = history.withLock({ $0 }) else {
        return .response(.problem(503, "Starting", "the history is not open yet"))
      }
      do throws(HistoryProblem) {
        let answer = HistoryDocuments(history: history, zone: facts.view.zone)
        return document("application/json", try answer.reply(to: request))
      } catch {
        return .response(.problem(error.status, error.title, error.detail))
      }
    case "/api/heat": return document("application/json", CityDocuments(view: facts.view).heat)
    case "/api/sensors": return document("application/json", CityDocuments(view: facts.view).sensors)
    case "/api/room": return document("application/json", CityDocuments(view: facts.view).room)
    case "/api/coverage":
      guard let coverage = CityDocuments(view: facts.view).coverage else {
        return .response(
          .problem(404, "Not found", "the settings name no \"population\", or the first quarter of an hour is not over")
        )
      }
      return document("application/json", coverage)
    case "/api/state":
      return document(
        "application/json", OperatorsView.summary(facts.view, facts.ledger, at: facts.view.at))
    default: return .response(.problem(404, "Not found", "there is no page at this address"))
    }
  }

  private func document(_ type: String, _ body: [UInt8]) -> Reply {
    .response(
      Response(
        status: 200,
        headers: [
          ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
          ("Referrer-Policy", "no-referrer"),
          ("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
        ], body: body))
  }

  private func isAllowed(_ request: Request) -> Bool {
    if let header = request.header("Authorization"), header.lowercased().hasPrefix("bearer ") {
      return isToken(String(header.dropFirst("bearer ".count)))
    }
    return request.cookie(Self.cookie).map(isToken) ?? false
  }

  /// Compares in a time that does not depend on where the difference is.
  private func isToken(_ offered: String) -> Bool {
    let offered = Array(offered.utf8)
    var difference = UInt8(offered.count == token.count ? 0 : 1)
    for (index, byte) in token.enumerated() { difference |= byte ^ (index < offered.count ? offered[index] : 0) }
    return difference == 0 && !token.isEmpty
  }
}
