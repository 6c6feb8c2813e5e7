// The operators' port: what is private stays here, behind a token.

public import CoolIslands
public import HTTPServer
internal import JSONText
internal import Pages
internal import Publication
internal import Quantities
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
  /// Counts of the ledger, by name.
  public var ledger: [(name: String, count: Int64)]
  /// Batches committed since the start.
  public var batches: Int64
  /// The canonical text of all that is known.
  public var summary: [UInt8]

  /// Facts.
  public init(
    view: OperatorsView, brokerConnected: Bool, brokerReason: String?, refusedFilters: [String], storeReason: String?,
    ledger: [(name: String, count: Int64)], batches: Int64, summary: [UInt8]
  ) {
    self.view = view
    self.brokerConnected = brokerConnected
    self.brokerReason = brokerReason
    self.refusedFilters = refusedFilters
    self.storeReason = storeReason
    self.ledger = ledger
    self.batches = batches
    self.summary = summary
  }
}

/// The operators' site.
public final class OperatorSite: Sendable {
  private let token: [UInt8]
  private let current = Mutex<OperatorsFacts?>(nil)
  private let streams: @Sendable () -> Int

  /// A site.
  ///
  /// - Parameters:
  ///   - token: what a caller must know.
  ///   - streams: how many event streams the public port serves.
  public init(token: String, streams: @escaping @Sendable () -> Int) {
    self.token = Array(token.utf8)
    self.streams = streams
  }

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
        "text/plain; version=0.0.4; charset=utf-8", Array(Metrics.text(facts, streams: streams()).utf8))
    case "/api/ledger": return document("application/json", ledger(facts))
    case "/api/state": return document("application/json", facts.summary)
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

  private func ledger(_ facts: OperatorsFacts) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in for (name, count) in facts.ledger { json.member(name, count) } }
    return json.bytes
  }
}
