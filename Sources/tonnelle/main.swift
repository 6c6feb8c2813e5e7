// The command line: one file a command.

internal import Gateway
internal import Glibc
internal import Publication

/// All commands, in the order of the help.
let commands: [any Command.Type] = [
  DemoCommand.self, ServeCommand.self, CheckCommand.self, StatusCommand.self, PublishCommand.self, ReplayCommand.self,
  RecordCommand.self, ExplainCommand.self, UnknownCommand.self, SensorCommand.self, HoursCommand.self,
  ImportCommand.self, ReportCommand.self, PrivacyCommand.self, AccountCommand.self, BackupCommand.self,
  RestoreCommand.self, DoctorCommand.self,
]

@MainActor func usage() -> String {
  let width = commands.map { $0.name.count }.max() ?? 0
  let lines = commands.map { "  \($0.name.padding(to: width))  \($0.summary)" }
  return """
    Tonnelle: which cool places are open, cool, quiet and free, live from their sensors.

    usage: tonnelle COMMAND [OPTION…]

    \(lines.joined(separator: "\n"))

    tonnelle COMMAND --help says more. tonnelle --version prints the version.

    """
}

@MainActor func run(_ words: [String]) -> Int32 {
  guard let word = words.first else {
    Terminal.error(usage())
    return ExitCode.usage
  }
  switch word {
  case "help" where words.count == 2 && Manual.forms[words[1]] != nil:
    Terminal.print(Manual.forms[words[1]]?(commands) ?? "")
    return ExitCode.done
  case "--help", "-h", "help":
    Terminal.print(usage())
    return ExitCode.done
  case "--version":
    Terminal.print("tonnelle \(Version.text)\n")
    return ExitCode.done
  default:
    break
  }
  guard let command = commands.first(where: { $0.name == word }) else {
    Terminal.error("tonnelle: there is no command \"\(word)\"; tonnelle --help lists them\n")
    return ExitCode.usage
  }
  do {
    guard let arguments = try Arguments(command, Array(words.dropFirst())) else { return ExitCode.done }
    return try command.run(arguments)
  } catch {
    Terminal.error("tonnelle \(word): \(error.message)\n")
    return error.code
  }
}

Signals.ignore(SIGPIPE)  // a reader that goes away is an error of one write, not the end of the program
exit(run(Array(CommandLine.arguments.dropFirst())))
