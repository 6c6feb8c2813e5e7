// Files and random words, as the commands need them.

internal import CLibc
internal import CZlib
internal import FoundationEssentials
internal import Gateway
internal import Glibc

enum Limits {
  /// Descriptors that this process may have.
  static var files: Int {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  /// Takes as many descriptors as the system grants, at most 65,536: each client of the pages needs one.
  static func raiseFiles() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}

enum Clock {
  /// Whether the kernel says that a time server has set its clock.
  static var isSynchronised: Bool { clibc_clock_is_synchronised() != 0 }
}

enum Memory {
  /// Returns to the system what a long task used and freed; the allocator would keep it for the next one.
  static func giveBack() { malloc_trim(0) }
}

/// A file that only grows.
final class AppendedFile: Sendable {
  private let descriptor: Int32

  /// Opens a file, and makes it if there is none.
  ///
  /// - Throws: ``CommandFailure`` when it cannot be written.
  init(_ path: String) throws(CommandFailure) {
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw CommandFailure("\(path) cannot be written: \(Files.reason())") }
  }

  deinit { close(descriptor) }

  /// Appends some bytes, in one call where the disk takes them.
  ///
  /// - Returns: whether all of them were written; if not, ``Files/reason()`` says why.
  @discardableResult
  func append(_ bytes: [UInt8]) -> Bool { Files.write(bytes, to: descriptor) }
}

enum Files {
  static func read(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { [UInt8]($0) } }

  /// A whole file as it is.
  static func readBytes(_ path: String) throws(CommandFailure) -> [UInt8] {
    guard let bytes = read(path) else { throw CommandFailure("\(path) cannot be read: \(reason())") }
    return bytes
  }

  /// What comes on standard input until its end.
  static func readStandardInput() -> [UInt8] {
    var whole: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(0, $0.baseAddress, $0.count) }
      guard count > 0 else { return whole }
      whole += buffer[..<count]
    }
  }

  /// The first line of a file, for a password.
  static func firstLine(_ path: String) throws(CommandFailure) -> String {
    let text = String(decoding: try readBytes(path), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
  }

  /// A token that not every user of the machine can read; the service's group may, as with passwords.
  static func token(_ path: String) throws(CommandFailure) -> String {
    let token = try firstLine(path)
    guard !isOpenToAll(path) else {
      throw CommandFailure("every user of this machine can read the token file \(path): chmod o= \(path)")
    }
    guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw CommandFailure("the first line of the token file \(path) is no token")
    }
    return token
  }

  /// Writes a file that only its owner can read.
  static func writePrivate(_ text: String, to path: String) throws(CommandFailure) {
    let bytes = Array(text.utf8)
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw CommandFailure("\(path) cannot be written: \(reason())") }
    defer { close(descriptor) }
    guard write(bytes, to: descriptor) else { throw CommandFailure("\(path) cannot be written: \(reason())") }
  }

  /// Whether only its owner can read a file.
  static func isPrivate(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & 0o077 == 0
  }

  /// Writes to an open file, however many calls it takes.
  ///
  /// - Returns: whether all was written; if not, ``reason()`` says why.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Hands over the lines of a file one by one; gzip is undone.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - body: takes where a line stands, without its newline, the bytes that it stands in, and how much of the file has
  ///     been read, in percent.
  /// - Throws: ``CommandFailure`` when it cannot be read, and what `body` throws.
  static func readLines(
    _ path: String, _ body: (Range<Int>, [UInt8], Int) throws(CommandFailure) -> Void
  ) throws(CommandFailure) {
    var status = stat()
    let size = unsafe stat(path, &status) == 0 ? max(1, Int(status.st_size)) : 1
    guard let file = unsafe gzopen(path, "rb") else { throw CommandFailure("\(path) cannot be read: \(reason())") }
    defer { unsafe gzclose(file) }
    unsafe gzbuffer(file, 1 << 17)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var filled = 0
    while true {
      if filled == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
      let room = UInt32(buffer.count - filled)
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe gzread(file, $0.baseAddress.map { unsafe $0 + filled }, room)
      }
      guard count >= 0 else { throw CommandFailure("\(path) is damaged") }
      filled += Int(count)
      let progress = min(100, Int(unsafe gzoffset(file)) * 100 / size)
      var start = 0
      while start < filled {
        let line = JSONLines.line(at: start, of: buffer.span.extracting(0..<filled))
        // The last line may be cut here, and need no newline at the end of the file.
        if line.upperBound == filled && count > 0 { break }
        try body(line, buffer, progress)
        start = line.upperBound + 1
      }
      guard count > 0 else { return }
      let rest = filled - start
      unsafe buffer.withUnsafeMutableBytes {
        unsafe $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<filled]))
      }
      filled = rest
    }
  }

  /// The lines of a file that are not empty; gzip is undone.
  static func nonEmptyLines(_ path: String) throws(CommandFailure) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    try readLines(path) { line, bytes, _ in if !line.isEmpty { lines.append(Array(bytes[line])) } }
    return lines
  }

  /// A whole file, gzip undone, with a newline at its end.
  static func readAll(_ path: String) throws(CommandFailure) -> [UInt8] {
    var whole: [UInt8] = []
    try readLines(path) { line, bytes, _ in whole += bytes[line] + [0x0A] }
    return whole
  }

  /// Puts a file in the place of another: a reader sees the one or the other, never half of it.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - bytes: what it will hold.
  ///   - isDurable: whether it must survive a power cut at once.
  /// - Throws: ``CommandFailure``; then the old file is there.
  static func replace(_ path: String, with bytes: [UInt8], isDurable: Bool = true) throws(CommandFailure) {
    let draft = path + ".new"
    let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CommandFailure("\(path) cannot be written: \(reason())") }
    let isWritten = write(bytes, to: descriptor) && (!isDurable || fsync(descriptor) == 0)
    close(descriptor)
    guard isWritten, unsafe rename(draft, path) == 0 else {
      throw CommandFailure("\(path) cannot be written: \(reason())")
    }
  }

  static func remove(folder: String) { try? FileManager.default.removeItem(atPath: folder) }

  static func remove(_ path: String) { unsafe unlink(path) }

  /// The names of what lies in a folder.
  static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  /// A folder, made if it is not there.
  static func makeFolder(_ path: String) throws(CommandFailure) {
    guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw CommandFailure("the folder \(path) cannot be made: \(reason())")
    }
  }

  /// Gives a whole file its name at last: on the disk, it is there as a whole or not at all.
  static func settle(_ draft: String, as path: String) throws(CommandFailure) {
    let descriptor = unsafe open(draft, O_RDONLY | O_CLOEXEC)
    let isOnDisk = descriptor >= 0 && fsync(descriptor) == 0
    if descriptor >= 0 { close(descriptor) }
    guard isOnDisk, unsafe rename(draft, path) == 0 else {
      throw CommandFailure("\(path) cannot be written: \(reason())")
    }
    let folder = unsafe open(parent(of: path), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  /// Gives a file a second name.
  static func link(_ path: String, _ name: String) throws(CommandFailure) {
    guard unsafe Glibc.link(path, name) == 0 else { throw CommandFailure("\(name) cannot be made: \(reason())") }
  }

  /// The folder of a file.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The first bytes of a file; nil if it cannot be read.
  static func read(_ path: String, prefix count: Int) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: count)
    let got = unsafe Glibc.read(descriptor, &buffer, count)
    return got < 0 ? nil : Array(buffer.prefix(got))
  }

  /// What the system knows of a file; nil if it is not there or may not be looked at.
  static func status(_ path: String) -> stat? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status : nil
  }

  /// Whether two names mean one file.
  static func isSame(_ one: String, _ other: String) -> Bool {
    guard let one = status(one), let other = status(other) else { return false }
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// The size of a file, for people.
  static func mebibytes(_ path: String) -> String {
    let tenths = (Int(status(path)?.st_size ?? 0) * 10) >> 20
    return "\(tenths / 10).\(tenths % 10) MiB"
  }

  /// Lets a file belong to whom its folder belongs; only root can, and only root has to.
  static func giveToOwner(of folder: String, _ path: String) {
    guard geteuid() == 0, let owner = status(folder) else { return }
    _ = unsafe chown(path, owner.st_uid, owner.st_gid)
  }

  /// Whether every user of the machine can read or write a file.
  static func isOpenToAll(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & 0o006 != 0
  }

  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  static func temporaryFolder(_ name: String) throws(CommandFailure) -> String {
    let root = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(root)/\(name).XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      throw CommandFailure("no folder can be made in \(root): \(reason())")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What the system says of the last call that failed.
  static func reason() -> String { unsafe String(cString: strerror(errno)) }

  /// 128 random bits in hexadecimal.
  static func randomToken() -> String {
    (0..<2).map { _ in
      let word = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
  }
}
