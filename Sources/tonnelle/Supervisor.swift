// What a service manager hears of the gateway: the protocol of sd_notify(3), one datagram a message, by hand.

internal import Gateway
internal import Glibc
internal import Quantities
internal import Synchronization

/// The service manager that started this process, if one did and wants to hear.
final class Supervisor: Sendable {
  private let descriptor: Int32
  private let address: [UInt8]
  /// Milliseconds between two signs of life; nil where nobody waits for them.
  private let beat: Int64?
  private let isServing = Atomic<Bool>(false)
  private let lastBeat = Mutex<Int64>(0)
  private let lastStatus = Mutex<String>("")

  /// The manager whose socket the environment names.
  ///
  /// - Returns: nil where none is named.
  init?() {
    guard let name = Self.variable("NOTIFY_SOCKET").map({ Array($0.utf8) }), name.count > 1 else { return nil }
    // "If the first character is "@", the socket is understood as Linux abstract namespace socket" (sd_notify(3)).
    guard name[0] == 0x2F || name[0] == 0x40, name.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
      Log.warning("notify_socket", "NOTIFY_SOCKET names no socket: nobody hears that the gateway is ready")
      return nil
    }
    address = name[0] == 0x40 ? [0] + name.dropFirst() : name
    beat = Self.beat()
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Half of what the manager waits for, as sd_watchdog_enabled(3) asks.
  private static func beat() -> Int64? {
    guard let limit = variable("WATCHDOG_USEC").flatMap(Int64.init), limit >= 2000 else { return nil }
    if let process = variable("WATCHDOG_PID"), process != "\(getpid())" { return nil }
    return limit / 2000
  }

  private static func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

  /// Says some variables at once; a manager that does not listen is no reason to stop.
  private func tell(_ lines: String...) {
    var target = sockaddr_un()
    target.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &target.sun_path) { unsafe $0.copyBytes(from: address) }
    // An abstract name ends where the length says, and not at a NUL.
    let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
    let bytes = Array(lines.joined(separator: "\n").utf8)
    _ = unsafe withUnsafePointer(to: &target) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
      }
    }
  }

  /// The gateway has recovered and shows something; said once.
  func serving() { if !isServing.exchange(true, ordering: .relaxed) { ready() } }

  /// The gateway serves, with the configuration that was read last.
  func ready() { tell("READY=1") }

  /// The configuration is being read again; ``ready()`` ends it.
  func reloading() {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    tell("RELOADING=1", "MONOTONIC_USEC=\(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)")
  }

  /// The gateway is about to end.
  func stopping() { tell("STOPPING=1", "STATUS=stopping") }

  /// A start that takes long goes on, and may take this many seconds more.
  func starting(_ status: String, seconds: Int) {
    tell("EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)", "STATUS=\(status)")
  }

  /// How the gateway is doing, in a few words; said only when it is new.
  func status(_ text: String) {
    let isNew = lastStatus.withLock { last in
      guard last != text else { return false }
      last = text
      return true
    }
    if isNew { tell("STATUS=\(text)") }
  }

  /// The loop turned: says so when half of the time has gone that the manager waits.
  func turned(at uptime: Span) {
    guard let beat else { return }
    let isDue = lastBeat.withLock { last in
      guard uptime.milliseconds - last >= beat else { return false }
      last = uptime.milliseconds
      return true
    }
    if isDue { tell("WATCHDOG=1") }
  }
}
