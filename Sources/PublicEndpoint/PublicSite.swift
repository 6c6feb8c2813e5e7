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
  private let current = Mutex<PublicSnapshot?>(nil)
  private let assets: [String: Resource]

  /// A site that has no snapshot yet.
  public init(_ options: PublicSiteOptions) {
    self.options = options
    events = EventBroadcaster(limit: options.streams)
    var assets: [String: Resource] = [:]
    func add(_ path: String, _ type: String, _ body: [UInt8]?) {
      guard let body else { return }
      assets[path] = Resource(
        type: type, body: body,
        headers: Self.security + [("Cache-Control", "public, max-age=300"), ("Vary", "Accept-Encoding")])
    }
    add("/style.css", "text/css; charset=utf-8", Array(Assets.styleSheet.utf8))
    add("/live.js", "text/javascript; charset=utf-8", Array(Assets.script.utf8))
    add("/icon.svg", "image/svg+xml", Array(Assets.icon.utf8))
    if let folder = options.leafletFolder {
      add("/leaflet/leaflet.js", "text/javascript; charset=utf-8", options.readFile(folder + "/leaflet.min.js"))
      add("/leaflet/leaflet.css", "text/css; charset=utf-8", options.readFile(folder + "/leaflet.css"))
    }
    self.assets = assets
  }

  /// A new snapshot, and the places that changed since the last.
  public func show(_ snapshot: PublicSnapshot, changed: [String]) {
    let isFirst = current.withLock { current in
      defer { current = snapshot }
      return current == nil
    }
    guard !isFirst else { return }
    for id in changed {
      if id.isEmpty {
        events.send(event: "city", data: snapshot.cityJSON())
      } else if let place = snapshot.place(id) {
        events.send(event: "place", data: place.eventJSON(zone: snapshot.city.zone))
      }
    }
    events.tick()
  }

  /// Tells every stream the time; browsers compute ages from it.
  ///
  /// - Parameter now: core time, which goes on when nothing else does.
  public func tellTime(at now: Instant) {
    guard let snapshot = current.withLock({ $0 }) else { return }
    events.send(event: "now", data: Self.now(now, snapshot.city.zone))
    events.tick()
  }

  private static func now(_ now: Instant, _ zone: CivilZone) -> [UInt8] {
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
    guard let snapshot = current.withLock({ $0 }) else {
      return request.path == "/readyz"
        ? .response(.text(503, "starting\n"))
        : .response(.problem(503, "Starting", "the gateway is reading its journal", headers: [("Retry-After", "5")]))
    }
    do {
      return try route(request, snapshot)
    } catch {
      return .response(.problem(error.status, error.title, error.detail))
    }
  }

  private func route(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let path = request.path
    switch path {
    case "/": return try root(request, snapshot)
    case "/readyz": return .response(.text(200, "ready\n"))
    case "/events": return .events(events, opening: opening(snapshot))
    case "/collections/cool-spots/items": return try items(request, snapshot)
    default: break
    }
    if path.hasPrefix("/places/") { return try placePage(request, snapshot, String(path.dropFirst("/places/".count))) }
    let items = "/collections/cool-spots/items/"
    if path.hasPrefix(items) { return try item(request, snapshot, String(path.dropFirst(items.count))) }
    throw Problem(404, "Not found", "there is no page at this address")
  }

  /// The start of a stream: when to come back, the time, and every place as it is.
  private func opening(_ snapshot: PublicSnapshot) -> [UInt8] {
    var bytes =
      Array("retry: 5000\n\n".utf8)
      + EventBroadcaster.encode(event: "now", data: Self.now(snapshot.at, snapshot.city.zone))
    bytes += EventBroadcaster.encode(event: "city", data: snapshot.cityJSON())
    for place in snapshot.places {
      bytes += EventBroadcaster.encode(event: "place", data: place.eventJSON(zone: snapshot.city.zone))
    }
    return bytes
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
