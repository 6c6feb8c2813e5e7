// What the system says of this process: since when, how much processor, how much memory (proc(5)).

internal import Glibc

enum Process {
  /// When it began, Unix milliseconds; nil without /proc.
  ///
  /// Worked out once, so that it stays the same.
  static let start: Int64? = {
    // Behind the name, which may hold anything, the 20th field is the start in ticks since the machine started.
    guard let status = read("/proc/self/stat"), let name = status.lastIndex(of: ")") else { return nil }
    let fields = status[name...].split(separator: " ")
    guard fields.count > 20, let ticks = Int64(fields[20]) else { return nil }
    let start = ticks * 1000 / Int64(sysconf(Int32(_SC_CLK_TCK)))
    return milliseconds(CLOCK_REALTIME) - (milliseconds(CLOCK_BOOTTIME) - start)
  }()

  /// Processor time that it used, in milliseconds.
  static var processorTime: Int64 { milliseconds(CLOCK_PROCESS_CPUTIME_ID) }

  /// Resident memory in bytes: the second field of statm, in pages.
  static var residentBytes: Int64? {
    guard let fields = read("/proc/self/statm")?.split(separator: " "), fields.count > 1, let pages = Int64(fields[1])
    else { return nil }
    return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  private static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }
}
