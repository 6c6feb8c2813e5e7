// How much room the database takes, and how much there is left.

internal import Glibc

/// Room on the disk of a data folder.
public struct StorageUse: Hashable, Sendable {
  /// Bytes of the database with its write-ahead log: journal, checkpoints, history.
  public let databaseBytes: Int64
  /// Bytes that may still be written on its file system by those who are not root.
  public let freeBytes: Int64
  /// Bytes of its file system.
  public let totalBytes: Int64

  /// Asks the file system, which takes microseconds; nil when it does not answer.
  ///
  /// - Parameter folder: the data folder.
  public init?(folder: String) {
    var system = statvfs()
    guard unsafe statvfs(folder, &system) == 0 else { return nil }
    /// Some file systems say that they have no end.
    func bytes(_ blocks: UInt) -> Int64 {
      let (bytes, isEndless) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(system.f_frsize))
      return isEndless ? .max : Int64(clamping: bytes)
    }
    freeBytes = bytes(system.f_bavail)
    totalBytes = bytes(system.f_blocks)
    var bytes: Int64 = 0
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
      var status = stat()
      if unsafe stat("\(folder)/\(name)", &status) == 0 { bytes += Int64(status.st_size) }
    }
    databaseBytes = bytes
  }
}
