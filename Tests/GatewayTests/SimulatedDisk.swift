// A disk in memory for SQLite: what was not synced when the power failed may be lost, torn, or there all the same.
//
// SQLite reaches it as any disk, through a VFS (sqlite.org/vfs.html). With `locking_mode = EXCLUSIVE` the WAL needs no
// shared memory, so the oldest version of the interface will do. One disk at a time: the simulation runs its seeds one
// after the other.

import CSQLite
import Dice
import Foundation

/// The disk of one story.
final class SimulatedDisk {
  static let sector = 512

  /// A file: what a process reads, and what would be there after a power failure.
  private struct File {
    var bytes: [UInt8] = []
    var durable: [UInt8] = []
    /// Sectors that were written since the last sync.
    var unsynced: Set<Int> = []
  }

  private var files: [String: File] = [:]
  private var dice: Dice
  /// What the next calls answer, as SQLite's code; nil when all is well.
  var writeFailure: Int32?
  var syncFailure: Int32?
  /// After so many further writes or syncs the process is dead.
  var callsUntilDeath: Int?
  /// Called when that is so.
  var onDeath: () -> Void = {}
  private let life: Life
  private(set) var torn = 0
  private(set) var lost = 0

  /// The one that SQLite's calls go to.
  nonisolated(unsafe) static var current: SimulatedDisk?
  static let name = "simulated"

  init(seed: UInt64, _ life: Life) {
    self.life = life
    dice = Dice(state: seed)
    _ = Self.registered
    Self.current = self
  }

  /// Counts a call of the process; the fatal one has no effect any more.
  private func survives() -> Bool {
    if let calls = callsUntilDeath {
      callsUntilDeath = calls - 1
      if calls == 0, !life.isDead {
        life.isDead = true
        onDeath()
      }
    }
    return !life.isDead
  }

  /// A new process finds what a crash of the machine left, or one of the process alone, which loses nothing.
  func restart(afterPowerFailure: Bool) {
    (callsUntilDeath, writeFailure, syncFailure) = (nil, nil, nil)
    for name in files.keys.sorted() {
      guard var file = files[name] else { continue }
      if afterPowerFailure { lose(&file) }
      files[name] = file
    }
  }

  private func lose(_ file: inout File) {
    // The length may be that of before or of after.
    let length = Bool.random(using: &dice) ? file.bytes.count : file.durable.count
    var found = file.durable
    if found.count < length { found += [UInt8](repeating: 0, count: length - found.count) }
    found.removeLast(max(0, found.count - length))
    for sector in file.unsynced.sorted() {
      let start = sector * Self.sector
      let end = min(start + Self.sector, file.bytes.count, found.count)
      guard start < end else { continue }
      switch Int.random(in: 0..<3, using: &dice) {
      case 0: lost += 1
      case 1: found.replaceSubrange(start..<end, with: file.bytes[start..<end])
      default:
        torn += 1
        let cut = Int.random(in: start...end, using: &dice)
        found.replaceSubrange(start..<cut, with: file.bytes[start..<cut])
      }
    }
    file = File(bytes: found, durable: found)
  }

  /// Bytes of all files, both kinds.
  var byteCount: Int { files.values.reduce(0) { $0 + $1.bytes.count + $1.durable.count } }

  // MARK: What SQLite asks

  fileprivate func open(_ name: String) { if files[name] == nil { files[name] = File() } }

  fileprivate func exists(_ name: String) -> Bool { files[name] != nil }

  fileprivate func delete(_ name: String) { if survives() { files[name] = nil } }

  fileprivate func size(_ name: String) -> Int { files[name]?.bytes.count ?? 0 }

  fileprivate func read(_ name: String, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int32 {
    let bytes = files[name]?.bytes ?? []
    let count = max(0, min(buffer.count, bytes.count - offset))
    if count > 0 { buffer.copyBytes(from: bytes[offset..<offset + count]) }
    guard count < buffer.count else { return SQLITE_OK }
    // "If xRead() returns SQLITE_IOERR_SHORT_READ it must also fill in the unread portions of the buffer with zeros."
    for index in max(0, count)..<buffer.count { buffer[index] = 0 }
    return Code.shortRead
  }

  fileprivate func write(_ name: String, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int32 {
    guard survives() else { return Code.write }
    if let writeFailure { return writeFailure }
    guard var file = files.removeValue(forKey: name) else { return Code.write }
    let end = offset + bytes.count
    if file.bytes.count < end { file.bytes += [UInt8](repeating: 0, count: end - file.bytes.count) }
    file.bytes.replaceSubrange(offset..<end, with: bytes)
    file.unsynced.formUnion(offset / Self.sector...(max(offset, end - 1)) / Self.sector)
    files[name] = file
    return SQLITE_OK
  }

  fileprivate func truncate(_ name: String, to size: Int) -> Int32 {
    guard survives() else { return Code.truncate }
    if let writeFailure { return writeFailure }
    let excess = max(0, self.size(name) - size)
    files[name]?.bytes.removeLast(excess)
    return SQLITE_OK
  }

  fileprivate func sync(_ name: String) -> Int32 {
    guard survives() else { return Code.sync }
    if let syncFailure { return syncFailure }
    guard var file = files.removeValue(forKey: name) else { return Code.sync }
    file.durable = file.bytes
    file.unsynced = []
    files[name] = file
    return SQLITE_OK
  }

  private enum Code {
    static let shortRead = SQLITE_IOERR | 2 << 8
    static let write = SQLITE_IOERR | 3 << 8
    static let sync = SQLITE_IOERR | 4 << 8
    static let truncate = SQLITE_IOERR | 6 << 8
  }

  // MARK: The interface

  /// What SQLite allocates for an open file: its own part first, then ours.
  private struct Handle {
    var base: sqlite3_file
    /// Which name of ``names``.
    var number: Int
  }

  nonisolated(unsafe) private static var names: [String] = []

  private static func name(_ file: UnsafeMutablePointer<sqlite3_file>?) -> String {
    guard let file else { return "" }
    return names[UnsafeMutableRawPointer(file).assumingMemoryBound(to: Handle.self).pointee.number]
  }

  nonisolated(unsafe) private static var methods: sqlite3_io_methods = {
    var methods = sqlite3_io_methods()
    methods.iVersion = 1
    methods.xClose = { _ in SQLITE_OK }
    methods.xRead = { file, buffer, count, offset in
      SimulatedDisk.current?.read(
        SimulatedDisk.name(file), UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)), at: Int(offset))
        ?? SQLITE_IOERR
    }
    methods.xWrite = { file, buffer, count, offset in
      SimulatedDisk.current?.write(
        SimulatedDisk.name(file), UnsafeRawBufferPointer(start: buffer, count: Int(count)), at: Int(offset))
        ?? SQLITE_IOERR
    }
    methods.xTruncate = { file, size in
      SimulatedDisk.current?.truncate(SimulatedDisk.name(file), to: Int(size)) ?? SQLITE_IOERR
    }
    methods.xSync = { file, _ in SimulatedDisk.current?.sync(SimulatedDisk.name(file)) ?? SQLITE_IOERR }
    methods.xFileSize = { file, size in
      size?.pointee = Int64(SimulatedDisk.current?.size(SimulatedDisk.name(file)) ?? 0)
      return SQLITE_OK
    }
    methods.xLock = { _, _ in SQLITE_OK }
    methods.xUnlock = { _, _ in SQLITE_OK }
    methods.xCheckReservedLock = { _, reserved in
      reserved?.pointee = 0
      return SQLITE_OK
    }
    methods.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
    methods.xSectorSize = { _ in Int32(SimulatedDisk.sector) }
    methods.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
    return methods
  }()

  nonisolated(unsafe) private static var vfs: sqlite3_vfs = {
    var vfs = sqlite3_vfs()
    vfs.iVersion = 1
    vfs.szOsFile = Int32(MemoryLayout<Handle>.size)
    vfs.mxPathname = 512
    vfs.zName = UnsafePointer(strdup(SimulatedDisk.name))
    vfs.xOpen = { _, path, file, flags, outFlags in
      guard let file else { return SQLITE_CANTOPEN }
      let name = path.map { String(cString: $0) } ?? "temporary"
      SimulatedDisk.current?.open(name)
      SimulatedDisk.names.append(name)
      let handle = UnsafeMutableRawPointer(file).assumingMemoryBound(to: Handle.self)
      handle.pointee.number = SimulatedDisk.names.count - 1
      handle.pointee.base.pMethods = withUnsafePointer(to: &SimulatedDisk.methods) { $0 }
      outFlags?.pointee = flags
      return SQLITE_OK
    }
    vfs.xDelete = { _, path, _ in
      if let path { SimulatedDisk.current?.delete(String(cString: path)) }
      return SQLITE_OK
    }
    vfs.xAccess = { _, path, _, result in
      result?.pointee = path.map { SimulatedDisk.current?.exists(String(cString: $0)) ?? false } ?? false ? 1 : 0
      return SQLITE_OK
    }
    vfs.xFullPathname = { _, path, count, out in
      guard let path, let out, strlen(path) < Int(count) else { return SQLITE_CANTOPEN }
      strcpy(out, path)
      return SQLITE_OK
    }
    vfs.xRandomness = { _, count, buffer in
      for index in 0..<Int(count) { buffer?[index] = 7 }  // the same for every seed
      return count
    }
    vfs.xSleep = { _, microseconds in microseconds }
    vfs.xCurrentTime = { _, time in
      time?.pointee = 2_461_000  // a Julian day; nothing here asks for it
      return SQLITE_OK
    }
    vfs.xGetLastError = { _, _, _ in 0 }
    return vfs
  }()

  /// Registered once for the process; never the default.
  private static let registered: Int32 = sqlite3_vfs_register(&vfs, 0)
}
