// libmicrohttpd, which parses what strangers send; here requests become values and values become answers.

internal import CMicroHTTPD
internal import Glibc

/// Where and how much a server serves.
public struct HTTPServerOptions: Sendable {
  /// IPv4 address to listen on.
  public var address: String
  /// Port; 0 takes a free one.
  public var port: Int
  /// Threads that answer.
  public var threads = 2
  /// Connections at once.
  public var connections = 6000
  /// Connections at once from one address; a reverse proxy is one address.
  public var connectionsPerAddress = 6000
  /// Seconds without traffic after which a connection is closed.
  public var idleTimeout = 30
  /// Bytes of memory a connection has for its headers.
  public var memoryPerConnection = 8 * 1024
  /// Bytes that the body of a request may have.
  public static let maximumBody = 64 * 1024

  /// Options for a port.
  public init(address: String, port: Int) {
    self.address = address
    self.port = port
  }
}

/// Why a server does not start.
public struct HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String
}

/// A server on one port.
///
/// It answers on its own threads until it is stopped.
///
/// `@unchecked Sendable`: the handle is set before any thread starts; whoever asks for `connections` must not do so while
/// `stop` runs.
@safe public final class HTTPServer: @unchecked Sendable {
  /// Decides what to answer; called on several threads at once.
  public typealias Handler = @Sendable (Request) -> Reply

  private let handler: Handler
  private let clients: ClientLimit
  private var daemon: OpaquePointer?

  /// The port it listens on.
  public private(set) var port = 0

  /// Starts a server.
  ///
  /// - Throws: ``HTTPServerError``, when the port is taken for instance.
  public init(_ options: HTTPServerOptions, handler: @escaping Handler) throws(HTTPServerError) {
    self.handler = handler
    clients = ClientLimit(options.connectionsPerAddress)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(options.port).bigEndian
    guard unsafe inet_pton(AF_INET, options.address, &address.sin_addr) == 1 else {
      throw HTTPServerError(description: "\(options.address) is not an IPv4 address")
    }
    if options.port != 0 { try Self.checkIsFree(address, options) }
    let flags = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
    // The server outlives its daemon: `stop` and `deinit` end the threads before the object goes.
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe daemon = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe cmhd_start(
          flags, address, UInt32(options.threads), UInt32(options.connections), UInt32(options.idleTimeout),
          options.memoryPerConnection, context, Self.admits, Self.connectionChanged, Self.handle, Self.completed)
      }
    }
    guard let daemon = unsafe daemon else {
      let reason = unsafe String(cString: strerror(errno))
      throw HTTPServerError(description: "cannot listen on \(options.address):\(options.port): \(reason)")
    }
    port = Int(unsafe cmhd_port(daemon))
  }

  deinit { stop() }

  /// Connections that are open, and that were closed at once since their address had too many.
  public var connections: (open: Int, refused: Int) {
    (unsafe daemon.map { Int(unsafe cmhd_connections($0)) } ?? 0, clients.refused)
  }

  /// Stops listening, ends all connections, and waits for the threads.
  public func stop() {
    guard let running = unsafe daemon else { return }
    unsafe daemon = nil
    unsafe MHD_stop_daemon(running)
  }

  /// libmicrohttpd listens with SO_REUSEPORT, which would let two servers share a port: so it is tried without.
  private static func checkIsFree(_ address: sockaddr_in, _ options: HTTPServerOptions) throws(HTTPServerError) {
    var address = address
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var one: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      let reason = errno == EADDRINUSE ? "another program has the port" : unsafe String(cString: strerror(errno))
      throw HTTPServerError(description: "cannot listen on \(options.address):\(options.port): \(reason)")
    }
  }

  private static let admits: MHD_AcceptPolicyCallback = { context, address, _ in
    guard let context = unsafe context else { return .NO }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    return unsafe server.clients.admits(cmhd_address(address)) ? .YES : .NO
  }

  private static let connectionChanged: MHD_NotifyConnectionCallback = { context, connection, _, change in
    guard let context = unsafe context, let connection = unsafe connection else { return }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    let address = unsafe cmhd_client(connection)
    if change == .CONNECTION_NOTIFY_STARTED {
      server.clients.opened(address)
    } else {
      server.clients.closed(address)
    }
  }

  /// What is remembered between the calls for one request.
  private final class Pending {
    var body: [UInt8] = []
    var isTooLarge = false
  }

  private static let handle: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, upload, uploadSize, slot in
    guard let context = unsafe context, let connection = unsafe connection, let url = unsafe url,
      let method = unsafe method, let uploadSize = unsafe uploadSize, let slot = unsafe slot
    else { return .NO }
    guard let stored = unsafe slot.pointee else {
      // The first call only marks the request: an answer queued now would close a connection that could be kept.
      // `completed` releases what is retained here.
      unsafe slot.pointee = Unmanaged.passRetained(Pending()).toOpaque()
      return .YES
    }
    let pending = unsafe Unmanaged<Pending>.fromOpaque(stored).takeUnretainedValue()
    if unsafe uploadSize.pointee > 0 {
      let count = unsafe uploadSize.pointee
      if pending.body.count + count <= HTTPServerOptions.maximumBody {
        unsafe pending.body.append(contentsOf: UnsafeRawBufferPointer(start: upload, count: count))
      } else {
        pending.isTooLarge = true
      }
      unsafe uploadSize.pointee = 0
      return .YES
    }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if pending.isTooLarge {
      return unsafe send(.problem(413, "Too large", "the body of a request may have 64 KiB"), connection)
    }
    let request = unsafe Request(
      connection: connection, method: String(cString: method), path: String(cString: url), body: pending.body)
    switch server.handler(request) {
    case .response(let response): return unsafe send(response, connection)
    case .events(let subscription): return unsafe stream(subscription, connection)
    }
  }

  private static let completed: MHD_RequestCompletedCallback = { _, _, slot, _ in
    guard let slot = unsafe slot, let stored = unsafe slot.pointee else { return }
    unsafe Unmanaged<Pending>.fromOpaque(stored).release()
    unsafe slot.pointee = nil
  }

  private static func send(_ response: Response, _ connection: OpaquePointer) -> MHD_Result {
    guard let handle = unsafe response.handle else { return .NO }
    return unsafe MHD_queue_response(connection, response.status, handle)
  }

  private static func stream(_ wanted: EventSubscription, _ connection: OpaquePointer) -> MHD_Result {
    let stream = unsafe EventStream(
      wanted.broadcaster, connection: connection, subjects: wanted.subjects, opening: wanted.opening)
    guard wanted.broadcaster.open(stream, at: wanted.place) else {
      return unsafe send(
        .problem(
          503, "Too many streams", "all event streams are taken; try again later", headers: [("Retry-After", "30")]),
        connection)
    }
    // libmicrohttpd releases the stream through the last function, when the response goes.
    // Each stream has a block of its own: small, since thousands of them wait most of the time.
    let response = unsafe cmhd_stream_response(
      768,
      { context, _, buffer, capacity in
        guard let context = unsafe context else { return cmhd_end_of_stream() }
        let stream = unsafe Unmanaged<EventStream>.fromOpaque(context).takeUnretainedValue()
        let target = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: capacity)
        return unsafe stream.broadcaster.fill(stream, target) ?? cmhd_end_of_stream()
      }, Unmanaged.passRetained(stream).toOpaque(),
      { context in
        guard let context = unsafe context else { return }
        let stream = unsafe Unmanaged<EventStream>.fromOpaque(context).takeRetainedValue()
        stream.broadcaster.forget(stream)
      })
    guard let response = unsafe response else { return .NO }
    for (name, value) in [
      ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
      ("Access-Control-Allow-Origin", "*"), ("X-Content-Type-Options", "nosniff"),
    ] {
      unsafe MHD_add_response_header(response, name, value)
    }
    defer { unsafe MHD_destroy_response(response) }
    return unsafe MHD_queue_response(connection, 200, response)
  }
}
