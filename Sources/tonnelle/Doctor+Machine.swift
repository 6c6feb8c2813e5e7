// What doctor looks at on this machine: clock, time zones, files, disk, ports, memory.

internal import Configuration
internal import CoolIslands
internal import Gateway
internal import Glibc
internal import Quantities
internal import Store

extension DoctorCommand {
  static func clock(_ diagnosis: Diagnosis) {
    let now = Timebase.wallClock().rfc3339()
    if Clock.isSynchronised {
      diagnosis.note(.ok, "clock", "\(now), set by a time server")
    } else {
      diagnosis.note(
        .warning, "clock", "\(now), and no time server has set it",
        "install systemd-timesyncd or chrony; in a container the host's clock counts")
    }
  }

  static func timeZone(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis) {
    let name = loaded.configured.settings.timeZone
    let head = Files.read(TimeZoneFile.folder + "/tzdata.zi", prefix: 64).map { String(decoding: $0, as: UTF8.self) }
    let version = head?.split(separator: "\n").first.map { $0.replacing("# version ", with: "") }
    let now = loaded.configured.city.zone.text(Timebase.wallClock())
    diagnosis.note(.ok, "time zone", "\(name), where it is \(now); tzdata \(version ?? "of an unknown version")")
  }

  // MARK: Files

  static func files(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis) {
    let settings = loaded.configured.settings
    let folder = loaded.dataFolder
    dataFolder(folder, diagnosis)
    if let name = settings.operatorsTokenFile {
      secret(loaded.path(of: name), "the operators' token", folder, diagnosis)
    } else if Files.exists(folder + "/operators.token") {
      secret(folder + "/operators.token", "the operators' token", folder, diagnosis)
    } else {
      diagnosis.note(.ok, "files", "the operators' token will be made at the first start")
    }
    if let name = settings.accountsFile {
      let path = loaded.path(of: name)
      secret(path, "the operators' accounts", folder, diagnosis)
      if Files.exists(path), !Files.isPrivate(path) {
        diagnosis.note(
          .fault, "files", "no gateway starts while others than its owner can read \(path)", "chmod 600 \(path)")
      }
    }
    for receiver in settings.alerts?.receivers ?? [] {
      guard case .webhook(_, let name?) = receiver.way else { continue }
      secret(loaded.path(of: name), "the token of the receiver \"\(receiver.id)\"", folder, diagnosis)
    }
    if let name = settings.longHistory?.tokenFile {
      secret(loaded.path(of: name), "the token of the long history", folder, diagnosis)
    }
    if let name = settings.contextBroker?.tokenFile {
      secret(loaded.path(of: name), "the token of the context broker", folder, diagnosis)
    }
    if let name = settings.broker.passwordFile {
      secret(loaded.path(of: name), "the broker's password", folder, diagnosis)
    }
    if let name = settings.broker.key {
      secret(loaded.path(of: name), "the private key for the broker", folder, diagnosis)
    }
    for name in [settings.broker.certificateAuthorities, settings.broker.certificate].compactMap({ $0 })
    where Files.read(loaded.path(of: name), prefix: 1) == nil {
      diagnosis.note(
        .fault, "files", "the certificates in \(loaded.path(of: name)) cannot be read: \(Files.reason())",
        "let the gateway's user read them")
    }
  }

  private static func dataFolder(_ folder: String, _ diagnosis: Diagnosis) {
    guard let status = Files.status(folder) else {
      let parent = Files.parent(of: folder)
      if errno == ENOENT, unsafe access(parent, W_OK | X_OK) == 0 {
        diagnosis.note(.ok, "files", "the data folder \(folder) will be made at the first start")
      } else {
        diagnosis.note(
          .fault, "files", "the data folder \(folder) is not there and cannot be made: \(Files.reason())",
          "make \(parent), and let it belong to the gateway's user")
      }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      diagnosis.note(
        .fault, "files", "\(folder) is no folder", "correct \"data\" in the settings, or move the file away")
      return
    }
    guard unsafe access(folder, R_OK | W_OK | X_OK) == 0 else {
      diagnosis.note(
        .fault, "files", "this user may not write in the data folder \(folder): \(Files.reason())",
        "run doctor as the gateway's user, or give that user the folder")
      return
    }
    let strangers = Files.names(in: folder).filter { name in
      Files.status(folder + "/" + name).map { $0.st_uid != status.st_uid } ?? false
    }
    if !strangers.isEmpty {
      diagnosis.note(
        .fault, "files",
        "in \(folder) \(strangers.sorted().joined(separator: ", ")) belong to another user than the folder",
        "chown -R --reference=\(folder) \(folder)")
    }
    if status.st_mode & 0o007 != 0 {
      diagnosis.note(
        .warning, "files", "everybody may look into the data folder \(folder), which holds counts of people",
        "chmod o= \(folder)")
    } else if strangers.isEmpty {
      diagnosis.note(.ok, "files", "the data folder \(folder) is the gateway's alone")
    }
  }

  /// Whether the owner of the data folder, as whom the gateway runs, may read a file that root can read in any case.
  private static func ownerMayRead(_ file: stat, _ folder: String) -> Bool {
    guard geteuid() == 0, let owner = Files.status(folder), owner.st_uid != 0 else { return true }
    if file.st_uid == owner.st_uid { return file.st_mode & 0o400 != 0 }
    return file.st_mode & (file.st_gid == owner.st_gid ? 0o040 : 0o004) != 0
  }

  private static func secret(_ path: String, _ what: String, _ folder: String, _ diagnosis: Diagnosis) {
    guard let status = Files.status(path), let bytes = Files.read(path, prefix: 64) else {
      diagnosis.note(
        .fault, "files", "\(what) in \(path) cannot be read: \(Files.reason())", "let the gateway's user read it")
      return
    }
    if status.st_mode & 0o007 != 0 {
      diagnosis.note(.fault, "files", "everybody on this machine may use \(what) in \(path)", "chmod o= \(path)")
    } else if !ownerMayRead(status, folder) {
      diagnosis.note(
        .fault, "files", "the owner of \(folder) may not read \(what) in \(path)",
        "chown --reference=\(folder) \(path)")
    } else if bytes.isEmpty {
      diagnosis.note(.fault, "files", "\(path) is empty", "write \(what) into its first line")
    } else {
      diagnosis.note(.ok, "files", "nobody else may read \(what)")
    }
  }

  // MARK: Disk

  /// Bytes that doctor writes to see how fast they arrive.
  private static let probeBytes = 8 << 20

  static func disk(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis) {
    let isThere = Files.exists(loaded.dataFolder)
    let folder = isThere ? loaded.dataFolder : Files.parent(of: loaded.dataFolder)
    var space = statvfs()
    guard unsafe statvfs(folder, &space) == 0, let room = StorageUse(folder: folder) else {
      diagnosis.note(
        .fault, "disk", "\(folder) cannot be looked at: \(Files.reason())", "correct \"data\" in the settings")
      return
    }
    let free = Int(room.freeBytes >> 20)
    let kept = Int(loaded.configured.settings.retention.journalMebibytes)
    let used = Int(Files.status(loaded.dataFolder + "/journal.db")?.st_size ?? 0) >> 20
    if free < 64 {
      diagnosis.note(.fault, "disk", "\(free) MiB are free", "make room: without any nothing can be stored")
    } else if free < kept - used {
      diagnosis.note(
        .warning, "disk", "\(free) MiB are free, and the journal may still grow by \(kept - used) MiB",
        "make room, or lower \"journal_mib\" in \"retention\"")
    } else {
      diagnosis.note(.ok, "disk", "\(free) MiB are free; the journal takes up to \(kept) MiB")
    }
    if space.f_files > 0, space.f_favail < 1000 {
      diagnosis.note(.fault, "disk", "only \(space.f_favail) more files can be made (inodes)", "delete files")
    }
    // The last room is the gateway's.
    if free >= 64 { speed(folder, diagnosis) }
  }

  /// Writes a file and takes it away again: how fast bytes go to the disk, and how long one commit waits.
  private static func speed(_ folder: String, _ diagnosis: Diagnosis) {
    let path = folder + "/doctor-\(getpid()).probe"
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      diagnosis.note(
        .fault, "disk", "no file can be made in \(folder): \(Files.reason())", "see the lines of the files")
      return
    }
    defer {
      close(descriptor)
      Files.remove(path)
    }
    let block = (0..<4096).map { _ in UInt8.random(in: .min ... .max) }  // a disk that compresses gains nothing
    var waits: [Int64] = []
    let start = microseconds()
    for _ in 0..<(probeBytes / block.count) {
      guard Files.write(block, to: descriptor) else {
        return diagnosis.note(.fault, "disk", "it takes no more: \(Files.reason())", "make room")
      }
    }
    fsync(descriptor)
    let whole = max(1, microseconds() - start)
    for _ in 0..<16 {
      let start = microseconds()
      guard Files.write(block, to: descriptor), fsync(descriptor) == 0 else {
        return diagnosis.note(.fault, "disk", "what was written does not reach it: \(Files.reason())", "check the disk")
      }
      waits.append(microseconds() - start)
    }
    let commit = waits.sorted()[waits.count / 2]
    let text = "about \((Int64(probeBytes) * 1_000_000 / whole) >> 20) MiB/s, a commit waits \(tenths(commit)) ms"
    if commit > 50_000 {
      diagnosis.note(.warning, "disk", text, "a slow card: every batch of messages waits so long; an SSD does not")
    } else {
      diagnosis.note(.ok, "disk", text)
    }
  }

  private static func tenths(_ microseconds: Int64) -> String { "\(microseconds / 1000).\(microseconds / 100 % 10)" }

  private static func microseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
  }

  // MARK: Ports

  static func ports(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis, isRunning: Bool) {
    let settings = loaded.configured.settings
    for (name, key, endpoint) in [
      ("public", "public", settings.publicPort), ("operators'", "operators", settings.operatorsPort),
    ] {
      let text = "the \(name) port \(endpoint.address):\(endpoint.port)"
      switch bindError(endpoint) {
      case 0:
        if isRunning, endpoint.port != 0 {
          diagnosis.note(
            .fault, "ports", "\(text) is free, although a gateway runs", "restart it: it runs with other settings")
        } else {
          diagnosis.note(.ok, "ports", "\(text) is free")
        }
      case EADDRINUSE where isRunning: diagnosis.note(.ok, "ports", "\(text) is held by the running gateway")
      case EADDRINUSE:
        diagnosis.note(
          .fault, "ports", "\(text) is held by another program, or by a gateway that does not answer",
          "ss -ltnp 'sport = :\(endpoint.port)' says which; or choose another \"port\" in \"\(key)\"")
      case let code:
        let reason = unsafe String(cString: strerror(code))
        diagnosis.note(
          .fault, "ports", "\(text) cannot be used: \(reason)", "correct \"\(key)\"; ports below 1024 are root's")
      }
    }
  }

  /// Why an address cannot be listened on; 0 if it can.
  private static func bindError(_ endpoint: Settings.Endpoint) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    // As the server does: the last connections of one that has ended are no hindrance.
    var reuse: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(clamping: endpoint.port)).bigEndian
    guard unsafe inet_pton(AF_INET, endpoint.address, &address.sin_addr) == 1 else { return EADDRNOTAVAIL }
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return code == 0 ? 0 : errno
  }

  // MARK: Memory

  /// What a gateway needs beside its series: the program, pages, SQLite's cache.
  private static let programBytes = 96 << 20

  static func memory(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis, isRunning: Bool) {
    let needed = (loaded.configured.city.seriesByteCount + programBytes) >> 20
    let text = "a gateway with these sensors needs about \(needed) MiB"
    if let limit = serviceLimit(), limit < needed {
      diagnosis.note(
        .fault, "memory", "\(text), and its service may have \(limit) MiB", "raise MemoryMax= of tonnelle.service")
    } else if let free = freeMebibytes(), !isRunning, free < needed {
      diagnosis.note(
        .fault, "memory", "\(text), and \(free) MiB are free", "give the machine more, or shorten \"rings\"")
    } else {
      diagnosis.note(.ok, "memory", text)
    }
    var files = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    let wanted = loaded.configured.settings.site.connections + 128
    if files.rlim_max < wanted {
      diagnosis.note(
        .warning, "memory", "here a process may have \(files.rlim_max) files open, and \(wanted) are wanted",
        "ulimit -n, or LimitNOFILE= of the service: fewer people are served at once")
    }
  }

  /// What the packaged service may have, where its control group says so.
  private static func serviceLimit() -> Int? {
    let path = "/sys/fs/cgroup/system.slice/tonnelle.service/memory.max"
    guard let bytes = Files.read(path, prefix: 32) else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self).filter(\.isNumber)).map { $0 >> 20 }
  }

  private static func freeMebibytes() -> Int? {
    guard let bytes = Files.read("/proc/meminfo", prefix: 4096) else { return nil }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 >> 10 }
  }
}
