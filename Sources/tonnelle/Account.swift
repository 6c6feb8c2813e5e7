// tonnelle account: who may see and act on the operators' port.

internal import Configuration
internal import Glibc
internal import OperatorEndpoint

enum AccountCommand: Command {
  static let name = "account"
  static let summary = "Manages who may see and act on the operators' port: add, list, remove."
  static let operands = "add NAME | list | remove NAME"
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings; they name the file as operators.accounts"),
    OptionSpec(name: "role", value: "ROLE", help: "read or act; read unless told"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    let words = arguments.operands
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    guard let name = loaded.configured.settings.accountsFile else {
      throw CommandFailure("the settings name no file of accounts: add \"operators\": { \"accounts\": \"accounts\" }")
    }
    let path = loaded.path(of: name)
    do {
      var accounts = OperatorAccounts()
      if let text = Files.read(path) { accounts = try OperatorAccounts(text, name: path) }
      switch (words.first, words.count) {
      case ("list", 1):
        for account in accounts.list { Terminal.print("\(account.name)  \(account.role.rawValue)\n") }
        return ExitCode.done
      case ("add", 2):
        guard let role = Role(rawValue: arguments["role"] ?? "read") else {
          throw CommandFailure("a role is read or act", code: ExitCode.usage)
        }
        let token = Files.randomToken()
        try accounts.add(words[1], role, token: token)
        try write(accounts, to: path, of: loaded)
        Terminal.print(token + "\n")
        Terminal.error("this is the token of \(words[1]); it is kept nowhere else. \(reload)\n")
        return ExitCode.done
      case ("remove", 2):
        guard accounts.remove(words[1]) else { throw CommandFailure("there is no account \(words[1])") }
        try write(accounts, to: path, of: loaded)
        Terminal.error("removed. \(reload)\n")
        return ExitCode.done
      default: throw CommandFailure("add NAME, list or remove NAME is expected", code: ExitCode.usage)
      }
    } catch let error as CommandFailure {
      throw error
    } catch let error as AccountError {
      throw CommandFailure(error.description)
    } catch {
      throw CommandFailure("\(error)")
    }
  }

  private static let reload = "A running gateway reads the accounts again on SIGHUP."

  private static func write(
    _ accounts: OperatorAccounts, to path: String, of loaded: LoadedConfiguration
  ) throws(CommandFailure) {
    // Written beside it first: a cut in between must not lock everybody out.
    let draft = path + ".new"
    try Files.writePrivate(accounts.text, to: draft)
    // The gateway must be able to read what root writes.
    if geteuid() == 0, let owner = Files.status(path) ?? Files.status(loaded.dataFolder) {
      _ = unsafe chown(draft, owner.st_uid, owner.st_gid)
    }
    try Files.settle(draft, as: path)
  }
}
