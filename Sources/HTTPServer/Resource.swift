// A body in its encodings, each with a strong validator: made at the first request, kept while it is current.

internal import CZlib
internal import Quantities
internal import Synchronization

/// Bytes that may be asked for again and again.
public final class Resource: Sendable {
  private let type: String
  private let body: [UInt8]
  private let headers: [(String, String)]
  private let variants = Mutex<[Bool: Variant]>([:])

  private struct Variant: Sendable {
    var tag: String
    var whole: Response
    var notModified: Response
  }

  /// A resource.
  ///
  /// - Parameters:
  ///   - type: the content type.
  ///   - body: the bytes.
  ///   - headers: further headers, `Vary` and `Cache-Control` among them.
  public init(type: String, body: [UInt8], headers: [(String, String)]) {
    self.type = type
    self.body = body
    self.headers = headers
  }

  /// Bytes of the body.
  public var size: Int { body.count }

  /// The answer to a request: whole, or 304 when the client has it.
  public func reply(to request: Request) -> Reply {
    let isGzip = request.acceptsGzip && body.count > 200
    let variant = variants.withLock { variants in
      if let variant = variants[isGzip] { return variant }
      let made = makeVariant(isGzip: isGzip)
      variants[isGzip] = made
      return made
    }
    if let known = request.header("If-None-Match"), Self.matches(known, variant.tag) {
      return .response(variant.notModified)
    }
    return .response(variant.whole)
  }

  private static func matches(_ header: String, _ tag: String) -> Bool {
    header == "*"
      || header.split(separator: ",").contains { part in
        let text = part.drop { $0 == " " }
        // If-None-Match compares weakly (RFC 9110 §13.1.2).
        return (text.hasPrefix("W/") ? text.dropFirst(2) : text).prefix { $0 != " " } == tag
      }
  }

  private func makeVariant(isGzip: Bool) -> Variant {
    var hash = StableHash()
    hash.add(body)
    let tag = "\"\(hash.text)\(isGzip ? "-gzip" : "")\""
    let validators = headers + [("ETag", tag)]
    let coding = isGzip ? [("Content-Encoding", "gzip")] : []
    return Variant(
      tag: tag,
      whole: Response(
        status: 200, headers: [("Content-Type", type)] + coding + validators, body: isGzip ? Gzip.compress(body) : body),
      notModified: Response(status: 304, headers: validators, body: []))
  }
}

/// gzip, by zlib.
public enum Gzip {
  /// Compresses some bytes at zlib's default level.
  public static func compress(_ bytes: [UInt8]) -> [UInt8] {
    var stream = unsafe z_stream()
    guard unsafe czlib_deflate_init_gzip(&stream, 6) == Z_OK else { return bytes }
    defer { unsafe deflateEnd(&stream) }
    let bound = Int(unsafe deflateBound(&stream, UInt(bytes.count)))
    return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      unsafe bytes.withUnsafeBufferPointer { input in
        // zlib does not write to its input; its field only lacks the const.
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(bound)
        unsafe deflate(&stream, Z_FINISH)
      }
      count = unsafe Int(stream.total_out)
    }
  }
}
