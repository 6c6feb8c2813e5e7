// Event streams over real sockets: whoever does not keep up is ended, and nobody else notices.

import Foundation
import HTTPServer
import Testing

/// A client that opens a stream and reads as much as it is told to.
private final class Client {
  private let descriptor: Int32
  private(set) var text = ""

  /// Asks in HTTP/1.0: the stream comes as it is, and its end is the end of the connection.
  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var small: Int32 = 4096
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
    var patience = timeval(tv_sec: 60, tv_usec: 0)  // a limit that only a hang can reach
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    let request = "GET / HTTP/1.0\r\nHost: x\r\n\r\n"
    try #require(send(descriptor, request, request.utf8.count, 0) == request.utf8.count)
  }

  deinit { close(descriptor) }

  /// Reads on; false at the end.
  func read() throws -> Bool {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    try #require(count >= 0)
    text += String(decoding: bytes.prefix(count), as: UTF8.self)
    return count > 0
  }

  func read(until end: String) throws { while !text.hasSuffix(end) { try #require(try read()) } }

  /// The numbers of the events that came whole.
  var events: [Int] {
    text.components(separatedBy: "\n\n").dropLast().compactMap { event in
      event.firstRange(of: "data: ").flatMap { Int(event[$0.upperBound...].prefix { $0 != "-" }) }
    }
  }
}

@Suite("Event streams") struct EventStreamTests {
  @Test("a stream that fell behind what is kept is ended and counted; the one beside it has every event")
  func fallsBehind() throws {
    let broadcaster = EventBroadcaster(limit: 2, keeping: 1 << 16, run: "r")
    var options = HTTPServerOptions(address: "127.0.0.1", port: 0)
    options.idleTimeout = 0  // none: who does not read must be ended for what it missed
    let server = try HTTPServer(options) { _ in
      let opening = Array(": hello\n\n".utf8)
      return .events(
        EventSubscription(broadcaster, subjects: nil, at: broadcaster.place(after: nil), opening: opening))
    }
    defer {
      broadcaster.close()
      server.stop()
    }
    let (slow, quick) = (try Client(port: server.port), try Client(port: server.port))
    for client in [slow, quick] { try client.read(until: ": hello\n\n") }
    // More than the kernel holds for a client that does not read.
    let count = 16 << 10
    for number in 0..<count {
      let filling = String(repeating: "x", count: 1000)
      broadcaster.send(event: "e", about: nil, data: Array("\(number)-\(filling)".utf8))
      guard number % 32 == 31 else { continue }
      broadcaster.tick()
      try quick.read(until: "\ndata: \(number)-\(filling)\n\n")
    }
    #expect(quick.events == Array(0..<count))
    while try slow.read() {}
    #expect(slow.events == Array(0..<slow.events.count) && slow.events.count < count)
    #expect(broadcaster.counts.dropped == 1)
    // The server goes on for the other.
    broadcaster.send(event: "e", about: nil, data: Array("last".utf8))
    broadcaster.tick()
    try quick.read(until: "data: last\n\n")
  }
}
