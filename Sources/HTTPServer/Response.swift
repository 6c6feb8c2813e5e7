// Answers: bytes with headers, made once and sent as often as asked for.

internal import CMicroHTTPD
internal import JSONText

/// An answer that is complete when it begins.
///
/// `@unchecked Sendable`: a libmicrohttpd response is reference counted under its own lock and does not change after
/// it was made.
@safe public final class Response: @unchecked Sendable {
  let status: UInt32
  let handle: OpaquePointer?

  /// An answer.
  ///
  /// - Parameters:
  ///   - status: the HTTP status.
  ///   - headers: names and values, sent as they stand.
  ///   - body: copied.
  public init(status: Int, headers: [(String, String)], body: [UInt8]) {
    self.status = UInt32(status)
    unsafe handle = unsafe body.withUnsafeBytes { buffer in
      let base = unsafe UnsafeMutableRawPointer(mutating: buffer.baseAddress)
      return unsafe MHD_create_response_from_buffer(buffer.count, base, .RESPMEM_MUST_COPY)
    }
    for (name, value) in headers { unsafe MHD_add_response_header(handle, name, value) }
  }

  deinit { if let handle = unsafe handle { unsafe MHD_destroy_response(handle) } }

  /// A short text.
  public static func text(_ status: Int, _ text: String, headers: [(String, String)] = []) -> Response {
    Response(
      status: status,
      headers: [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")] + headers,
      body: Array(text.utf8))
  }

  /// A refusal as problem details (RFC 9457).
  public static func problem(_ status: Int, _ title: String, _ detail: String, headers: [(String, String)] = [])
    -> Response
  {
    var json = JSONWriter()
    json.object { json in
      json.member("title", title)
      json.member("status", status)
      json.member("detail", detail)
    }
    return Response(
      status: status,
      headers: [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")] + headers, body: json.bytes
    )
  }
}

/// What a client wants of the events.
public struct EventSubscription {
  /// Who sends them.
  public var broadcaster: EventBroadcaster
  /// Whom they should be about; nil for everybody.
  public var subjects: Set<String>?
  /// Where it goes on.
  public var place: EventBroadcaster.Place
  /// What comes before events.
  public var opening: [UInt8]

  /// A subscription.
  public init(
    _ broadcaster: EventBroadcaster, subjects: Set<String>?, at place: EventBroadcaster.Place, opening: [UInt8]
  ) {
    self.broadcaster = broadcaster
    self.subjects = subjects
    self.place = place
    self.opening = opening
  }
}

/// What a handler answers.
public enum Reply {
  /// A complete answer.
  case response(Response)
  /// Server-sent events from a broadcaster.
  case events(EventSubscription)
}
