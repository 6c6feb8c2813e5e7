// The manual page and the shell's completion, made of the commands' own tables, so that they cannot say anything else.

internal import Gateway
internal import Glibc
internal import Quantities

enum Manual {
  /// What `tonnelle help` prints besides its text, for those who make a package.
  static let forms: [String: @Sendable ([any Command.Type]) -> String] = ["--man": page, "--completion": completion]

  private static let help = OptionSpec(name: "help", value: nil, help: "print a command's text")

  // MARK: mdoc(7)

  private static func page(_ commands: [any Command.Type]) -> String {
    let sections = commands.map { command in
      let operands = command.operands.isEmpty ? "" : " Ar \(escaped(command.operands))"
      let options = command.options.map { option in
        ".It Fl \\-\(escaped(option.name))\(option.value.map { " Ar \(escaped($0))" } ?? "")\n\(sentence(option.help))"
      }
      let list = options.isEmpty ? "" : ".Bl -tag -width Ds\n\(options.joined(separator: "\n"))\n.El"
      return ".Ss tonnelle \(command.name)\n.Nm\n.Cm \(command.name)\(operands)\n.Op Ar option ...\n.Pp\n"
        + "\(sentence(command.summary))" + (list.isEmpty ? "" : "\n\(list)")
    }
    return """
      .Dd \(date())
      .Dt TONNELLE 1
      .Os
      .Sh NAME
      .Nm tonnelle
      .Nd which cool places are open, cool, quiet and free, live from their sensors
      .Sh SYNOPSIS
      .Nm
      .Ar command
      .Op Ar option ...
      .Sh DESCRIPTION
      A gateway that listens over MQTT to temperature, occupancy and noise sensors of schoolyards, parks and other places,
      and publishes which of them are open, cool, quiet and free: as pages, as open data, and as retained topics.
      .Pp
      Every command prints its own text with
      .Fl \\-help .
      .Sh COMMANDS
      \(sections.joined(separator: "\n"))
      .Sh FILES
      .Bl -tag -width Ds
      .It Pa /etc/tonnelle/settings.json
      the settings of the packaged service, with the files that they name beside them
      .It Pa /var/lib/tonnelle
      its data folder: journal, lock, the operators' token
      .El
      .Sh EXIT STATUS
      0: done. 1: it failed, or
      .Cm doctor , status , explain , hours
      or
      .Cm replay --expect
      found something. 2: the words or the settings are wrong. 130: a report was stopped.
      .Sh SEE ALSO
      .Xr journalctl 1 ,
      .Xr systemctl 1 ,
      .Xr mosquitto 8
      .Pp
      .Pa /usr/share/doc/tonnelle/operations.md

      """
  }

  /// The day of the build, or the one that a reproducible build names (reproducible-builds.org, SOURCE_DATE_EPOCH).
  private static func date() -> String {
    let named = unsafe getenv("SOURCE_DATE_EPOCH").flatMap { unsafe Int64(String(cString: $0)) }
    let text = (named.map { Instant(seconds: $0) } ?? Timebase.wallClock()).rfc3339()
    let parts = text.prefix(10).split(separator: "-").compactMap { Int($0) }
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    return "\(months[parts[1] - 1]) \(parts[2]), \(parts[0])"
  }

  /// Text in which nothing is a request; each sentence stands on a line of its own.
  private static func sentence(_ text: String) -> String { "\\&" + escaped(text).replacing(". ", with: ".\n\\&") }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "\\": "\\e"
      case "-": "\\-"
      case "…": "..."
      case "\"": "\\(dq"
      default: String(character)
      }
    }.joined()
  }

  // MARK: bash

  private static func completion(_ commands: [any Command.Type]) -> String {
    let cases = commands.map { command in
      let options = (command.options + [help]).map { "--" + $0.name }.joined(separator: " ")
      let values = command.options.filter { $0.value != nil }
      let files = values.filter { ["FILE", "DIR", "FOLDER", "TRACE"].contains($0.value) }.map { "--" + $0.name }
      let others = values.map { "--" + $0.name }.filter { !files.contains($0) }
      return """
            \(command.name))
              options="\(options)"
              files=" \(files.joined(separator: " ")) "
              others=" \(others.joined(separator: " ")) " ;;
        """
    }
    return """
      # Completion of tonnelle for bash; "tonnelle help --completion" prints it.
      _tonnelle() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options="" files="" others=""
        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
          mapfile -t COMPREPLY < <(compgen -W "\(commands.map { $0.name }.joined(separator: " ")) --help --version" -- "$word")
          return
        fi
        case "${COMP_WORDS[1]}" in
      \(cases.joined(separator: "\n"))
        esac
        case "$others" in *" $before "*) return ;; esac
        case "$files" in
          *" $before "*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
          *) case "$word" in
            -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
            *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
          esac ;;
        esac
      }
      complete -o filenames -F _tonnelle tonnelle

      """
  }
}
