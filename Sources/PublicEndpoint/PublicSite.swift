// The public port: every path, from one immutable snapshot.

public import HTTPServer
internal import JSONText
internal import Pages
public import Publication
public import Quantities
internal import Synchronization

/// What the public port needs to know beside snapshots.
public struct PublicSiteOptions: Sendable {
  /// The map's base layer: URL and attribution.
  public var tiles: (url: String, attribution: String)?
  /// The folder of Leaflet's files; nil where it is not installed.
  public var leafletFolder: String?
  /// Whether the loop turned lately.
  public var isAlive: @Sendable () -> Bool
  /// Event streams at once.
  public var streams = 5000
  /// Letters and digits that no other run of the program uses, for the identifiers of events.
  public var run = "run"
  /// The address that people know, without a slash at its end; nil takes the one they came by.
  public var url: String?
  /// Reverse proxies whose forwarded headers are believed.
  public var trustedProxies: [String] = []
  /// Makes a QR code as text, two characters a square; nil where that cannot be done.
  public var qrCode: @Sendable (String) -> [UInt8]? = { _ in nil }
  /// Reads a file of Leaflet's folder.
  public var readFile: @Sendable (String) -> [UInt8]?

  /// Options.
  public init(
    tiles: (url: String, attribution: String)?, leafletFolder: String?, isAlive: @escaping @Sendable () -> Bool,
    readFile: @escaping @Sendable (String) -> [UInt8]?
  ) {
    self.tiles = tiles
    self.leafletFolder = leafletFolder
    self.isAlive = isAlive
    self.readFile = readFile
  }
}

/// The public site.
public final class PublicSite: Sendable {
  /// Live changes; to be ticked, and closed before the server stops.
  public let events: EventBroadcaster
  let options: PublicSiteOptions
  let cache = PageCache()
  /// QR codes by what they say; nil where none can be made.
  let codes = Mutex<[String: QRCode?]>([:])
  /// The start of an unfiltered stream, by the snapshot's version.
  let opening = Mutex<(version: UInt64, bytes: [UInt8])?>(nil)
  let current = Mutex<PublicSnapshot?>(nil)
  /// What was published in the past, once it can be read.
  let history = Mutex<(any PublicHistory)?>(nil)
  private let assets: [String: Resource]

  /// A site that has no snapshot yet.
  public init(_ options: PublicSiteOptions) {
    self.options = options
    events = EventBroadcaster(limit: options.streams, run: options.run)
    var assets: [String: Resource] = [:]
    func add(_ path: String, _ type: String, _ body: [UInt8]?) {
      guard let body else { return }
      assets[path] = Resource(
        type: type, body: body,
        headers: Self.security + [("Cache-Control", "public, max-age=300"), ("Vary", "Accept-Encoding")])
    }
    add("/style.css", "text/css; charset=utf-8", Array(Assets.styleSheet.utf8))
    add("/live.js", "text/javascript; charset=utf-8", Array(Assets.script.utf8))
    add("/sign.css", "text/css; charset=utf-8", Array(Assets.signStyle.utf8))
    add("/sign.js", "text/javascript; charset=utf-8", Array(Assets.signScript.utf8))
    add("/icon.svg", "image/svg+xml", Array(Assets.icon.utf8))
    if let folder = options.leafletFolder {
      add("/leaflet/leaflet.js", "text/javascript; charset=utf-8", options.readFile(folder + "/leaflet.min.js"))
      add("/leaflet/leaflet.css", "text/css; charset=utf-8", options.readFile(folder + "/leaflet.css"))
    }
    self.assets = assets
  }

  /// What was published in the past can be read from here on.
  public func open(_ history: any PublicHistory) { self.history.withLock { $0 = history } }

  /// A new snapshot, and the places that changed since the last.
  public func show(_ snapshot: PublicSnapshot, changed: [String]) {
    let isFirst = current.withLock { current in
      defer { current = snapshot }
      return current == nil
    }
    guard !isFirst else { return }
    for id in changed {
      if id.isEmpty {
        events.send(event: "city", about: nil, data: snapshot.cityJSON())
      } else if let place = snapshot.place(id) {
        events.send(event: "place", about: id, data: place.eventJSON(zone: snapshot.city.zone))
      }
    }
  }

  /// Tells every stream the time; browsers compute ages from it.
  ///
  /// - Parameter now: core time, which goes on when nothing else does.
  public func tellTime(at now: Instant) {
    guard let snapshot = current.withLock({ $0 }) else { return }
    events.send(event: "now", about: nil, data: Self.now(now, snapshot.city.zone))
  }

  static func now(_ now: Instant, _ zone: CivilZone) -> [UInt8] {
    var json = JSONWriter()
    json.object { $0.member("now", zone.text(now)) }
    return json.bytes
  }

  /// Headers of every page.
  static let security = [
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "strict-origin-when-cross-origin"),
  ]

  /// Answers a request.
  public func reply(to request: Request) -> Reply {
    if request.path == "/healthz" {
      return options.isAlive()
        ? .response(.text(200, "ok\n")) : .response(.text(503, "the loop has not turned for 10 s\n"))
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      return .response(.problem(405, "Method not allowed", "only GET and HEAD", headers: [("Allow", "GET, HEAD")]))
    }
    if let asset = assets[request.path] { return asset.reply(to: request) }
    let place = request.path == "/events" ? events.place(after: request.header("Last-Event-ID")) : nil
    guard let snapshot = current.withLock({ $0 }) else {
      return request.path == "/readyz"
        ? .response(.text(503, "starting\n"))
        : .response(.problem(503, "Starting", "the gateway is reading its journal", headers: [("Retry-After", "5")]))
    }
    do {
      if let place { return try eventReply(request, place, snapshot) }
      return try route(request, snapshot)
    } catch {
      return .response(.problem(error.status, error.title, error.detail))
    }
  }

  private func route(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let path = request.path
    let base = base(request)
    switch path {
    case "/": return try root(request, base, snapshot)
    case "/readyz": return .response(.text(200, "ready\n"))
    case "/collections/cool-spots/items": return try items(request, base, snapshot)
    case "/data": return try dataPage(request, base, snapshot)
    case "/accessibility": return try accessibilityPage(request, snapshot)
    default: break
    }
    func rest(_ prefix: String) -> String? { path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil }
    if let name = rest("/history/") { return try historyReply(request, snapshot, name) }
    if let name = rest("/sign/") { return try sign(request, base, snapshot, name) }
    if let id = rest("/places/") { return try placePage(request, snapshot, id) }
    if let id = rest("/collections/cool-spots/items/") { return try item(request, base, snapshot, id) }
    if path == "/v1.1" || path.hasPrefix("/v1.1/") { return thingsReply(request, base, snapshot) }
    if let reply = try apiReply(request, base, snapshot) { return reply }
    throw Problem(404, "Not found", "there is no page at this address")
  }

  /// The address under which people know the site, for links that leave it: from the settings, or as the client says.
  private func base(_ request: Request) -> String {
    if let url = options.url { return url }
    let isTrusted = !options.trustedProxies.isEmpty && options.trustedProxies.contains(request.peer)
    let host = (isTrusted ? request.header("X-Forwarded-Host") : nil) ?? request.header("Host") ?? ""
    let scheme = isTrusted && request.header("X-Forwarded-Proto") == "https" ? "https" : "http"
    // Anybody may say anything there: what is no name of a host makes links without one.
    let isName = host.utf8.allSatisfy { byte in
      (0x30...0x3A).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
        || "-.[]".utf8.contains(byte)
    }
    return isName && (1...253).contains(host.utf8.count) ? "\(scheme)://\(host)" : ""
  }
}

/// Why a request is not answered with what it asks for.
struct Problem: Error {
  let status: Int
  let title: String
  let detail: String

  init(_ status: Int, _ title: String, _ detail: String) {
    self.status = status
    self.title = title
    self.detail = detail
  }
}
