// What commands ask of a running gateway.

internal import CLibc
internal import Configuration
internal import Glibc
internal import JSONText

/// Asks a gateway on this machine on its operators' port.
///
/// One request a connection, in HTTP/1.0: the answer's body is all that comes behind the empty line.
struct GatewayClient {
  private let address: String
  private let port: Int
  private let token: String

  /// Asks the operators' port.
  ///
  /// - Throws: ``CommandFailure`` when its token cannot be read.
  init(_ loaded: LoadedConfiguration) throws(CommandFailure) {
    let settings = loaded.configured.settings
    address = settings.operatorsPort.address == "0.0.0.0" ? "127.0.0.1" : settings.operatorsPort.address
    port = settings.operatorsPort.port
    let path = settings.operatorsTokenFile.map { loaded.path(of: $0) } ?? loaded.dataFolder + "/operators.token"
    guard let bytes = Files.read(path), let first = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
    else { throw CommandFailure("the operators' token in \(path) cannot be read: has the gateway run yet?") }
    token = String(first)
  }

  /// The answer to a request, which is JSON.
  func document(_ path: String) throws(CommandFailure) -> JSONValue {
    let answer = try get(path)
    do {
      return try JSONDocument(answer).root
    } catch {
      throw CommandFailure("the gateway's answer cannot be read: \(error)")
    }
  }

  private func get(_ path: String) throws(CommandFailure) -> [UInt8] {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw CommandFailure("no socket: \(Files.reason())") }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = in_port_t(UInt16(port)).bigEndian
    guard unsafe inet_pton(AF_INET, address, &target.sin_addr) == 1 else {
      throw CommandFailure("\(address) is not an IPv4 address")
    }
    let connected = unsafe withUnsafePointer(to: &target) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      throw CommandFailure("no gateway answers on \(address):\(port): \(Files.reason())")
    }
    let request = Array("GET \(path) HTTP/1.0\r\nHost: \(address)\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
    _ = unsafe request.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      guard count >= 0 else { throw CommandFailure("the gateway does not answer: \(Files.reason())") }
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    let text = answer.split(separator: 0x0D, maxSplits: 1).first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard text.hasSuffix(" 200 OK"), let end = answer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
      throw CommandFailure(
        text.contains(" 503 ") ? "the gateway is still reading its journal" : "the gateway answers \"\(text)\"")
    }
    return Array(answer[end...])
  }
}
