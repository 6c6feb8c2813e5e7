// One gateway a data folder: a lock that the kernel releases with the process, however it ends.

internal import Glibc

/// Why a data folder cannot be used.
public struct FolderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String
}

/// Holds a data folder until it goes.
public final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Makes the folder if there is none, and locks it.
  ///
  /// - Throws: ``FolderError`` when another gateway holds it or it cannot be made.
  public init(folder: String) throws(FolderError) {
    guard unsafe mkdir(folder, 0o750) == 0 || errno == EEXIST else {
      throw FolderError(description: "the data folder \(folder) cannot be made: \(Self.reason())")
    }
    let path = folder + "/lock"
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else {
      throw FolderError(description: "\(path) cannot be opened: \(Self.reason())")
    }
    // From here on `deinit` closes it, also when this throws: a second close could be of somebody else's file.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw FolderError(description: "another gateway is running on the data folder \(folder)")
    }
  }

  deinit { close(descriptor) }

  private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
