// The demonstration's own mosquitto: on loopback, on a free port, gone with the program however that ends.

internal import Gateway
internal import Glibc
internal import Quantities

final class DemoBroker {
  let port: Int
  private(set) var process: pid_t = 0

  init(folder: String) throws(CommandFailure) {
    port = try Self.freePort()
    let file = folder + "/mosquitto.conf"
    try Files.writePrivate(
      """
      listener \(port) 127.0.0.1
      allow_anonymous true
      persistence false
      max_queued_messages 200000
      log_dest none
      \(geteuid() == 0 ? "user root" : "")

      """, to: file)
    // As root mosquitto would change to a user of its own, and with that forget whose end it waits for: hence `user`.
    // setpriv (util-linux) has the kernel end the broker when the thread that started it ends: this is the main one.
    let words = ["setpriv", "--pdeathsig", "TERM", "/usr/sbin/mosquitto", "-c", file]
    let vector = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe vector.forEach { unsafe free($0) } }
    // A group of its own, so that Ctrl-C on the terminal reaches us alone, and the broker goes last.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    // What it says on its own is of no use here; that it does not listen is told below.
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [Int32(1), 2] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    let code = unsafe posix_spawnp(&process, "setpriv", &actions, &attributes, vector, environ)
    guard code == 0 else { throw CommandFailure("mosquitto does not start: \(unsafe String(cString: strerror(code)))") }
    try waitUntilListening()
  }

  /// A port that was free a moment ago.
  private static func freePort() throws(CommandFailure) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(descriptor, address, length) == 0 ? unsafe getsockname(descriptor, address, &length) : -1
      }
    }
    guard code == 0 else { throw CommandFailure("no free port on 127.0.0.1: \(Files.reason())") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private func waitUntilListening() throws(CommandFailure) {
    let deadline = Timebase.uptime().milliseconds + 10_000
    while Timebase.uptime().milliseconds < deadline {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = Self.loopback(port: port)
      let code = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if code == 0 { return }
      var status: Int32 = 0
      if unsafe waitpid(process, &status, WNOHANG) == process {
        process = 0
        throw CommandFailure("mosquitto ended at once; is the package mosquitto installed?")
      }
      usleep(10_000)
    }
    stop()
    throw CommandFailure("mosquitto does not listen on 127.0.0.1:\(port)")
  }

  func stop() {
    guard process > 0 else { return }
    kill(process, SIGTERM)
    var status: Int32 = 0
    unsafe waitpid(process, &status, 0)
    process = 0
  }

  deinit { stop() }
}
