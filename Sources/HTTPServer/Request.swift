// A request as libmicrohttpd parsed it. A view: it is good only while the handler runs.

internal import CMicroHTTPD

/// What a client asks for.
@safe public struct Request {
  let connection: OpaquePointer
  /// The method: `GET`, `HEAD`, `POST` and others.
  public let method: String
  /// The path, percent-decoded, without the query.
  public let path: String
  /// The body of a POST.
  public let body: [UInt8]

  init(connection: OpaquePointer, method: String, path: String, body: [UInt8]) {
    unsafe self.connection = unsafe connection
    self.method = method
    self.path = path
    self.body = body
  }

  /// A header's value; names are compared without regard to case.
  public func header(_ name: String) -> String? {
    guard let text = unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name) else { return nil }
    return unsafe String(cString: text)
  }

  /// The parameters of the query in their order, decoded; one without `=` has an empty value.
  public var query: [(name: String, value: String)] {
    // Without a callback libmicrohttpd only counts; most requests have no query.
    guard unsafe MHD_get_connection_values(connection, .GET_ARGUMENT_KIND, nil, nil) > 0 else { return [] }
    let list = ParameterList()
    // The list outlives the call, which is over before this returns.
    unsafe MHD_get_connection_values(
      connection, .GET_ARGUMENT_KIND,
      { context, _, name, value in
        guard let context = unsafe context, let name = unsafe name else { return .YES }
        let list = unsafe Unmanaged<ParameterList>.fromOpaque(context).takeUnretainedValue()
        let text = unsafe value.map { unsafe String(cString: $0) } ?? ""
        list.parameters.append((unsafe String(cString: name), text))
        return list.parameters.count < ParameterList.maximum ? .YES : .NO
      }, Unmanaged.passUnretained(list).toOpaque())
    return list.parameters
  }

  /// The value of a cookie.
  public func cookie(_ name: String) -> String? {
    guard let text = unsafe MHD_lookup_connection_value(connection, .COOKIE_KIND, name) else { return nil }
    return unsafe String(cString: text)
  }

  /// The IPv4 address of whoever sent it: a client, or the proxy before it.
  public var peer: String {
    let address = unsafe cmhd_client(connection)
    return stride(from: 24, through: 0, by: -8).map { "\(address >> UInt32($0) & 0xFF)" }.joined(separator: ".")
  }

  /// Whether the client takes gzip.
  public var acceptsGzip: Bool {
    guard let accepted = header("Accept-Encoding") else { return false }
    return accepted.split(separator: ",").contains { coding in
      let parts = coding.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
      return parts.first == "gzip" && !parts.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" }
    }
  }

  private final class ParameterList {
    static let maximum = 100
    var parameters: [(name: String, value: String)] = []
  }
}
