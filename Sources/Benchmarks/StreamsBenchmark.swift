// Thousands of event streams while places change and sensors pour: when a change arrives, what it costs, what waits.

import Foundation
import Glibc
import MQTTLink
import Synchronization

enum StreamsBenchmark {
  private static let streams = 5000
  private static let places = 200
  private static let changesPerSecond = 50
  private static let rounds = 20
  private static let load = 20_000

  static func run(_ results: inout Results) throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(limit.rlim_max, 65_536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let stage = try Stage()
    let child = try stage.serve(
      places: places, stations: 200, publicPort: #""connections_per_address":6000,"streams":5000"#)
    let clients = try Clients(port: stage.publicPort, count: streams)
    _ = try wait("the streams", seconds: 60) {
      clients.read(for: 0.2)
      return stage.ledger("tonnelle_event_streams ") == Double(streams) ? true : nil
    }
    let pouring = Pouring(port: stage.brokerPort, perSecond: load)
    let used = child.processorTime
    let begun = Date()
    try clients.watch(changes: changesPerSecond, of: places, rounds: rounds, broker: stage.brokerPort)
    let seconds = Date().timeIntervalSince(begun)
    let share = (child.processorTime - used) / seconds
    let sent = pouring.stop()
    let taken = (stage.ledger("outcome=\"messages\"") ?? 0) - Double(rounds * changesPerSecond)
    let memory = child.memory("VmHWM")
    child.stop()
    guard clients.latencies.count >= clients.watched * rounds * changesPerSecond * 99 / 100 else {
      throw BenchmarkError(
        description: "\(clients.latencies.count) of \(clients.watched * rounds * changesPerSecond) changes arrived")
    }
    let sorted = clients.latencies.sorted()
    results.add(
      Row(
        name: "streams", unit: "ms from a change to a client, p99 of 5,000 streams at 50 changes a second",
        ours: sorted[sorted.count * 99 / 100] * 1000, peer: 1000, peerName: "limit", goal: .atMost(1)))
    results.add(
      Row(
        name: "streams memory", unit: "MB resident with them", ours: memory, peer: 120, peerName: "limit",
        goal: .atMost(1)))
    results.add(
      Row(
        name: "streams ingest", unit: "messages a second taken meanwhile", ours: taken / seconds,
        peer: Double(sent) / seconds, peerName: "sent", goal: .atLeast(0.98)))
    results.add(
      Row(name: "streams cpu", unit: "cores for all of it", ours: share, peer: 2, peerName: "there are"))
  }

  /// Messages of stations without a place, at an even pace, on a thread of their own.
  private final class Pouring: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let sent = Atomic<Int>(0)
    private let ended = DispatchSemaphore(value: 0)

    init(port: Int, perSecond: Int) {
      Thread.detachNewThread { [self] in
        defer { ended.signal() }
        guard let link = connect(port, "bench-pouring") else { return }
        let begun = Date()
        var number = 0
        while !isStopped.load(ordering: .relaxed) {
          let due = Int(Date().timeIntervalSince(begun) * Double(perSecond))
          while number < due {
            let payload = #"[{"n":"temperature","u":"Cel","v":\#(20 + number / 200 % 10).\#(number % 10)}]"#
            _ = link.publish(
              "tonnelle/v1/up/st\(number % 200)/st\(number % 200)", Array(payload.utf8), qos: 0, retain: false)
            number += 1
            if number % 50 == 0 { link.write() }
          }
          link.write()
          _ = link.read(limit: 100)
          usleep(2000)
        }
        while link.wantsWrite { link.write() }
        sent.store(number, ordering: .relaxed)
        link.disconnect()
      }
    }

    /// Stops, and gives the gateway a second for what is on its way.
    func stop() -> Int {
      isStopped.store(true, ordering: .relaxed)
      ended.wait()
      Thread.sleep(forTimeInterval: 1)
      return sent.load(ordering: .relaxed)
    }
  }

  private static func connect(_ port: Int, _ name: String) -> MQTTLink? {
    let options = LinkOptions(host: "127.0.0.1", port: port, clientID: name, keepsSession: false)
    guard let link = MQTTLink(options), link.connect() == nil else { return nil }
    _ = try? wait("the publisher's connection", every: 0.005) {
      link.write()
      return link.read(limit: 10).contains { if case .connected = $0 { true } else { false } } ? true : nil
    }
    return link
  }

  /// The streams' other ends, read by one thread; of every fiftieth each event is timed.
  private final class Clients {
    private var sockets: [pollfd] = []
    private var rests: [Int32: [UInt8]] = [:]
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    /// By place the moments of its changes.
    private var changes: [[Double]] = Array(repeating: [], count: places)
    private var seen: [Int32: [Int]] = [:]
    private(set) var latencies: [Double] = []
    var watched: Int { rests.count }

    init(port: Int, count: Int) throws {
      let request = Array("GET /events?state=false HTTP/1.1\r\nHost: bench\r\n\r\n".utf8)
      for number in 0..<count {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        guard code == 0, send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
          throw BenchmarkError(description: "stream \(number): \(String(cString: strerror(errno)))")
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        sockets.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        if number % 50 == 0 {
          rests[descriptor] = []
          seen[descriptor] = Array(repeating: 0, count: places)
        }
      }
    }

    deinit {
      for socket in sockets { close(socket.fd) }
    }

    /// Reads what comes for some seconds.
    func read(for seconds: Double) {
      let end = Date().addingTimeInterval(seconds)
      while true {
        let rest = end.timeIntervalSinceNow
        guard rest > 0 else { return }
        // A look at all of them costs a millisecond: ticks come twice a second, and may be read together.
        guard poll(&sockets, nfds_t(sockets.count), Int32(max(1, rest * 1000))) > 0 else { continue }
        usleep(2000)
        for index in sockets.indices where sockets[index].revents != 0 {
          let descriptor = sockets[index].fd
          let size = recv(descriptor, &buffer, buffer.count, 0)
          if size == 0 { sockets[index].fd = -1 }
          if size > 0, rests[descriptor] != nil { take(Int(size), of: descriptor) }
        }
      }
    }

    private func take(_ size: Int, of descriptor: Int32) {
      let now = Date().timeIntervalSince1970
      var bytes = rests[descriptor] ?? []
      bytes += buffer[..<size]
      // An event is about a place if its data begin with the place's identifier.
      let mark = Array(#"data: {"id":"p"#.utf8)
      var start = 0
      for index in bytes.indices where bytes[index] == 0x0A {
        let line = bytes[start..<index]
        start = index + 1
        guard line.starts(with: mark) else { continue }
        let digits = line.dropFirst(mark.count).prefix { (0x30...0x39).contains($0) }
        guard let place = Int(String(decoding: digits, as: UTF8.self)), changes.indices.contains(place) else {
          continue
        }
        let number = seen[descriptor]?[place] ?? 0
        guard number < changes[place].count else { continue }
        seen[descriptor]?[place] = number + 1
        latencies.append(now - changes[place][number])
      }
      rests[descriptor] = Array(bytes[start...])
    }

    /// Lets places change in turn, so many in the middle of each second, and times what arrives.
    ///
    /// The core evaluates on whole seconds: a change is a change from the second after its message.
    func watch(changes count: Int, of places: Int, rounds: Int, broker: Int) throws {
      guard let link = connect(broker, "bench-changes") else { throw BenchmarkError(description: "no broker") }
      for round in 0..<rounds {
        let second = Date().timeIntervalSince1970.rounded(.up)
        read(for: second + 0.5 - Date().timeIntervalSince1970)
        for number in 0..<count {
          let place = (round * count + number) % places
          changes[place].append(second + 1)
          let payload = #"[{"n":"temperature","u":"Cel","v":\#(20 + round / 4 % 10).\#(round % 10)}]"#
          _ = link.publish("tonnelle/v1/up/p\(place)/s\(place * 2)", Array(payload.utf8), qos: 0, retain: false)
        }
        while link.wantsWrite { link.write() }
        _ = link.read(limit: 100)
      }
      read(for: 4)
      link.disconnect()
    }
  }
}
