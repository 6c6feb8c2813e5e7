// The operators' port: what is private stays here; nothing is answered to somebody unknown.

public import CoolIslands
public import HTTPServer
internal import Pages
internal import Publication
public import Quantities
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
  /// Connections: open, refused since their address had too many.
  public var connections: (open: Int, refused: Int)
  /// Event streams: open, refused since there were too many, ended since they fell behind.
  public var streams: (open: Int, refused: Int, dropped: Int)

  /// Traffic.
  public init(connections: (open: Int, refused: Int), streams: (open: Int, refused: Int, dropped: Int)) {
    self.connections = connections
    self.streams = streams
  }
}

/// What became of an act.
public enum ActOutcome: Hashable, Sendable {
  /// It stands in the journal and holds.
  case accepted
  /// It was refused, in a sentence.
  case refused(String)
  /// Nothing can be stored at the moment: it was not done, and will not be.
  case notDone
}

/// Whom to call about what.
public struct Contacts: Hashable, Sendable {
  /// By the area of work: `sensors`, `timetables`, `heat`; or by a place's identifier.
  public var byName: [String: String]

  /// Contacts.
  public init(_ byName: [String: String] = [:]) { self.byName = byName }
}

/// What the operators' site needs of its surroundings.
public struct OperatorSiteOptions: Sendable {
  /// The machine's own key: at least 16 characters.
  public var key: String
  /// The accounts of people and machines; nil where the settings name none.
  public var accounts: OperatorAccounts?
  /// Whom to call.
  public var contacts = Contacts()
  /// Reverse proxies whose word is taken on who asks.
  public var trustedProxies: [String] = []
  /// Real time since the loop last turned.
  public var loopAge: @Sendable () -> Span = { .milliseconds(0) }
  /// What the public port serves.
  public var traffic: @Sendable () -> PublicTraffic
  /// Answers with the public site as files: too much work to be done for everybody.
  public var export: @Sendable (Request) -> Reply
  /// Puts a command into the journal: its topic and payload.
  public var act: @Sendable (String, [UInt8]) -> ActOutcome
  /// Makes text that nobody can guess.
  public var random: @Sendable () -> String
  /// Hears of wrong tokens.
  public var log: @Sendable (String) -> Void

  /// Options.
  public init(
    key: String, accounts: OperatorAccounts?, traffic: @escaping @Sendable () -> PublicTraffic,
    export: @escaping @Sendable (Request) -> Reply, act: @escaping @Sendable (String, [UInt8]) -> ActOutcome,
    random: @escaping @Sendable () -> String, log: @escaping @Sendable (String) -> Void
  ) {
    self.key = key
    self.accounts = accounts
    self.traffic = traffic
    self.export = export
    self.act = act
    self.random = random
    self.log = log
  }
}

/// What is there only where the settings ask for it, by its name in them.
public enum LaterDocument: String, Hashable, Sendable {
  /// Which alerts are raised, and what waits for whom.
  case alerts
  /// What waits for the long history.
  case longHistory = "long_history"
}

/// The operators' site.
public final class OperatorSite: Sendable {
  let options: OperatorSiteOptions
  let access: Access
  private let current = Mutex<OperatorsFacts?>(nil)
  let reader: Mutex<HistoryReader?> = Mutex(nil)
  private let laterDocuments: Mutex<[LaterDocument: @Sendable () -> [UInt8]]> = Mutex([:])

  /// A site.
  public init(_ options: OperatorSiteOptions) {
    self.options = options
    access = Access(
      key: options.key, accounts: options.accounts, trustedProxies: options.trustedProxies, random: options.random,
      log: options.log)
  }

  /// What the rings have forgotten can be read from here on.
  public func open(_ history: HistoryReader) { reader.withLock { $0 = history } }

  /// A document can be asked for from here on.
  public func open(_ document: LaterDocument, _ text: @escaping @Sendable () -> [UInt8]) {
    laterDocuments.withLock { $0[document] = text }
  }

  /// New facts.
  public func show(_ facts: OperatorsFacts) { current.withLock { $0 = facts } }

  /// Other accounts from here on.
  public func replace(_ accounts: OperatorAccounts) { access.replace(accounts) }

  /// Answers a request; nothing to somebody unknown.
  public func reply(to request: Request) -> Reply {
    if let offered = tokenOffered(request) { return login(request, token: offered) }
    let caller: Caller
    switch access.verdict(request) {
    case .known(let known): caller = known
    case .unknown: return unauthorized(request)
    case .barred: return tooManyTries
    }
    switch Router.find(request.method, request.path) {
    case .nothing: return .response(.problem(404, "Not found", "there is no page at this address"))
    case .otherMethod(let allowed):
      let text = (allowed.contains("GET") ? allowed + ["HEAD"] : allowed).joined(separator: ", ")
      return .response(.problem(405, "Method not allowed", "only \(text)", headers: [("Allow", text)]))
    case .route(let route, let id):
      guard caller.role >= route.role else {
        return .response(.problem(403, "Forbidden", "\(caller.name) may read and not act"))
      }
      let form = Form.fields(request.body)
      // Another site can make a browser send a form, but does not know what stands in it.
      if route.role == .act, let expected = caller.formToken, !areEqual(form["form"] ?? "", expected) {
        return .response(.problem(403, "Forbidden", "the form is not of this session: load the page again"))
      }
      guard let facts = current.withLock({ $0 }) else {
        return .response(
          .problem(503, "Starting", "the gateway is reading its journal", headers: [("Retry-After", "5")]))
      }
      return route.answer(self, Call(request: request, caller: caller, facts: facts, id: id, form: form))
    }
  }

  // MARK: Coming and going

  /// A token in the form of a login, or in an address that a terminal printed.
  private func tokenOffered(_ request: Request) -> String? {
    if request.method == "POST", request.path == "/login" { return Form.fields(request.body)["token"] ?? "" }
    guard request.path == "/", request.method == "GET" else { return nil }
    return request.query.first { $0.name == "token" }?.value
  }

  private func login(_ request: Request, token: String) -> Reply {
    switch access.verdict(token: token, request) {
    case .known(let caller):
      // The address with the token must not stay in the browser's bar and history.
      let isSecure = request.header("X-Forwarded-Proto") == "https"
      return .response(
        Response(
          status: 303,
          headers: [
            ("Location", "/"), ("Cache-Control", "no-store"), access.begin(caller, isSecure: isSecure),
          ], body: []))
    case .unknown: return unauthorized(request)
    case .barred: return tooManyTries
    }
  }

  func logout(_ call: Call) -> Reply {
    .response(
      Response(
        status: 303, headers: [("Location", "/"), ("Cache-Control", "no-store"), access.end(call.request)], body: []))
  }

  private func unauthorized(_ request: Request) -> Reply {
    guard (request.header("Accept") ?? "").hasPrefix("text/html") else {
      return .response(
        .problem(
          401, "Unauthorized", "a token is needed: as Authorization: Bearer, or in a browser in the form at /",
          headers: [("WWW-Authenticate", "Bearer")]))
    }
    let html = LoginPage(language: Language(accepting: request.header("Accept-Language"))).html
    return .response(
      Response(
        status: 401, headers: Self.headers("text/html; charset=utf-8") + [("WWW-Authenticate", "Bearer")],
        body: Array(html.utf8)))
  }

  private var tooManyTries: Reply {
    .response(
      .problem(
        429, "Too many tries", "too many wrong tokens came from this address: wait a minute",
        headers: [("Retry-After", "60")]))
  }

  // MARK: Answers

  var style: Reply {
    .response(
      Response(
        status: 200, headers: [("Content-Type", "text/css; charset=utf-8"), ("Cache-Control", "private, max-age=300")],
        body: Array(Assets.styleSheet.utf8)))
  }

  func page(_ call: Call, _ body: OperatorBody) -> Reply {
    let html = OperatorPage(
      language: call.language, cityName: call.facts.view.cityName, caller: call.caller.name, path: call.request.path,
      body: body, moment: moment(call), notice: stillness(call)
    ).html
    return document("text/html; charset=utf-8", Array(html.utf8), for: call)
  }

  /// Of when a page is: it may hang on a wall tomorrow.
  private func moment(_ call: Call) -> String {
    let (view, language) = (call.facts.view, call.language)
    let day = view.zone.civil(view.at).day
    return language("État du ", "As of ") + "\(language.date(day)) \(day.components.year), "
      + language.time(view.at, view.zone)
  }

  /// What to say when the loop does not turn: what is shown grows old.
  private func stillness(_ call: Call) -> String? {
    let seconds = options.loopAge().seconds
    guard seconds > 10 else { return nil }
    return call.language(
      "La passerelle ne tourne plus depuis \(seconds) s : ce qui suit est ancien.",
      "The gateway has not turned for \(seconds) s: what follows is old.")
  }

  func metrics(_ call: Call) -> Reply {
    let format = MetricsFormat(accepting: call.request.header("Accept"))
    let storage = reader.withLock { $0?.storage }
    let text = Metrics.text(call.facts, traffic: options.traffic(), storage: storage, format)
    return document(format.mediaType, text, for: call)
  }

  func coverage(_ call: Call) -> Reply {
    guard let coverage = CityDocuments(view: call.facts.view).coverage else {
      return .response(
        .problem(404, "Not found", "the settings name no \"population\", or the first quarter of an hour is not over"))
    }
    return document("application/json", coverage, for: call)
  }

  func later(_ document: LaterDocument, _ call: Call) -> Reply {
    guard let text = laterDocuments.withLock({ $0[document] }) else {
      return .response(.problem(404, "Not found", "the settings name no \"\(document.rawValue)\""))
    }
    return self.document("application/json", text(), for: call)
  }

  func state(_ call: Call) -> Reply {
    let view = call.facts.view
    return document("application/json", OperatorsView.summary(view, call.facts.ledger, at: view.at), for: call)
  }

  func history(_ call: Call) -> Reply {
    guard let history = reader.withLock({ $0 }) else {
      return .response(.problem(503, "Starting", "the history is not open yet"))
    }
    do throws(HistoryProblem) {
      let answer = HistoryDocuments(history: history, zone: call.facts.view.zone)
      return document("application/json", try answer.reply(to: call.request), for: call)
    } catch {
      return .response(.problem(error.status, error.title, error.detail))
    }
  }

  func document(_ type: String, _ body: [UInt8], status: Int = 200, for call: Call) -> Reply {
    .response(Response(status: status, headers: Self.headers(type), body: body))
  }

  private static func headers(_ type: String) -> [(String, String)] {
    [
      ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
      ("Referrer-Policy", "no-referrer"),
      (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
      ),
    ]
  }
}

/// Forms as browsers send them: `application/x-www-form-urlencoded`.
enum Form {
  /// The fields; of a name that stands twice the first.
  static func fields(_ body: [UInt8]) -> [String: String] {
    var fields: [String: String] = [:]
    for pair in body.split(separator: UInt8(ascii: "&")).prefix(50) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let name = text(parts[0])
      if fields[name] == nil { fields[name] = parts.count > 1 ? text(parts[1]) : "" }
    }
    return fields
  }

  private static func text(_ encoded: ArraySlice<UInt8>) -> String {
    var bytes: [UInt8] = []
    var rest = encoded
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
