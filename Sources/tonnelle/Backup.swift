// tonnelle backup: a checked copy of a gateway's database, made while the gateway runs.

internal import Configuration
internal import CoolIslands
internal import Gateway
internal import Glibc
internal import Quantities
internal import Store

enum BackupCommand: Command {
  static let name = "backup"
  static let summary =
    "Copies a gateway's journal, checkpoints and history into one file, while it runs, and checks it."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the gateway's settings"),
    OptionSpec(name: "to", value: "FILE", help: "the copy; an earlier one is replaced when the new one is whole"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let target = try arguments.required("to")
    let journal = loaded.dataFolder + "/journal.db"
    guard Files.exists(journal) else { throw CommandFailure("there is no journal in \(loaded.dataFolder) to copy") }
    if Files.exists(target), !isDatabase(target) || Files.isSame(target, journal) {
      throw CommandFailure("\(target) is there already and is not an earlier copy: choose another name")
    }
    let draft = target + ".new"
    Files.remove(draft)
    // Only its owner may read it: the journal holds exact counts of people.
    try Files.writePrivate("", to: draft)
    do {
      try DatabaseCopy.copy(from: journal, to: draft, progress: Copying.progress())
      let content = try DatabaseCopy.inspect(draft)
      try Files.settle(draft, as: target)
      Terminal.print(
        "\(target): up to entry \(content.position)\(Copying.moment(content, loaded)), \(Files.mebibytes(target)), checked\n"
          + "The configuration in force is in its journal. Passwords, certificates and the operators' token are not.\n")
    } catch {
      Files.remove(draft)
      throw CommandFailure("no copy was made: \(error)")
    }
    return ExitCode.done
  }

  private static func isDatabase(_ path: String) -> Bool {
    Files.read(path, prefix: 16).map { $0.isEmpty || $0 == Array("SQLite format 3\0".utf8) } ?? false
  }
}

/// What backup and restore tell.
enum Copying {
  /// Says every second how much has been copied, to whoever looks.
  static func progress() -> (Int64, Int64) -> Void {
    var last = Timebase.uptime()
    return { done, total in
      let now = Timebase.uptime()
      guard Terminal.isWatched, now.milliseconds - last.milliseconds >= 1000 else { return }
      last = now
      Terminal.error("\(done >> 20) of \(total >> 20) MiB\n")
    }
  }

  /// When a copy ends, as its city writes it.
  static func moment(_ content: DatabaseCopy.Content, _ loaded: LoadedConfiguration) -> String {
    guard content.position > 0 else { return "" }
    return " of " + loaded.configured.city.zone.text(Instant(milliseconds: content.at))
  }
}
