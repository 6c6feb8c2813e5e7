// tonnelle restore: a copy in the place of a gateway's database; what was there stays, under another name.

internal import Gateway
internal import Glibc
internal import Quantities
internal import Store

enum RestoreCommand: Command {
  static let name = "restore"
  static let summary = "Puts a copy made by backup into a gateway's data folder, and keeps what was there beside it."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the gateway's settings"),
    OptionSpec(name: "from", value: "FILE", help: "the copy"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let source = try arguments.required("from")
    guard Files.exists(source) else { throw CommandFailure("\(source) cannot be read: \(Files.reason())") }
    let folder = loaded.dataFolder
    let journal = folder + "/journal.db"
    guard !Files.isSame(source, journal) else { throw CommandFailure("\(source) is the gateway's own journal") }
    // Held until the end: no gateway may start on half of it.
    let lock: FolderLock
    do { lock = try FolderLock(folder: folder) } catch { throw CommandFailure(error.description) }
    defer { withExtendedLifetime(lock) {} }
    let draft = folder + "/journal.db.new"
    for file in [draft, draft + "-journal", draft + "-wal", draft + "-shm"] { Files.remove(file) }
    let content: DatabaseCopy.Content
    do {
      try Files.writePrivate("", to: draft)
      try DatabaseCopy.copy(from: source, to: draft, progress: Copying.progress())
      content = try DatabaseCopy.inspect(draft)
    } catch {
      Files.remove(draft)
      throw CommandFailure("nothing was changed: \(error)")
    }
    let kept = try keep(journal, draft)
    // The gateway runs as the folder's owner, whoever restores.
    for file in [draft, folder + "/lock"] { Files.giveToOwner(of: folder, file) }
    try Files.settle(draft, as: journal)
    Terminal.print("\(journal): up to entry \(content.position)\(Copying.moment(content, loaded))\n")
    if let kept { Terminal.print("What was there is kept as \(kept)\n") }
    return ExitCode.done
  }

  /// Gives what is there a second name: until the copy takes the first one, both are the old file.
  ///
  /// - Returns: the second name; nil if there was nothing.
  private static func keep(_ journal: String, _ draft: String) throws(CommandFailure) -> String? {
    let now = Timebase.wallClock().rfc3339().filter { $0 != ":" && $0 != "-" }
    let kept = "\(journal).before-\(now)"
    guard Files.exists(journal) else {
      // What a file that is gone has left would be taken for the copy's own.
      for companion in ["-wal", "-shm", "-journal"] where Files.exists(journal + companion) {
        guard unsafe rename(journal + companion, kept + companion) == 0 else {
          let reason = Files.reason()
          Files.remove(draft)
          throw CommandFailure("nothing was changed: \(journal)\(companion) cannot be put aside: \(reason)")
        }
      }
      return nil
    }
    // SQLite throws away what it cannot read beside a damaged file: that is kept before it looks.
    let companions = ["-wal", "-journal"].filter { Files.exists(journal + $0) }
    do throws(CommandFailure) {
      for companion in companions { try Files.link(journal + companion, kept + companion) }
      do {
        try DatabaseCopy.settle(journal)
        for companion in companions { Files.remove(kept + companion) }
      } catch {
        Terminal.error("what was there is damaged or in use, and kept as it is: \(error)\n")
      }
      try Files.link(journal, kept)
    } catch {
      Files.remove(draft)
      throw CommandFailure("nothing was changed: \(error.message)")
    }
    // Beside the copy they would spoil it.
    for companion in ["-wal", "-shm", "-journal"] { Files.remove(journal + companion) }
    return kept
  }
}
