// tonnelle privacy: the register of what a gateway processes, from its settings.

internal import Pages
internal import Reports

enum PrivacyCommand: Command {
  static let name = "privacy"
  static let summary = "Prints the register of data: what is measured, why, how long it is kept, who reads it."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings"),
    OptionSpec(name: "html", value: nil, help: "one page to print, instead of text"),
    OptionSpec(name: "lang", value: "fr|en", help: "the language; French if nothing is said"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"), quietly: true)
    let language = try arguments.choice("lang", Language.self) ?? .fr
    let register = PrivacyRegister(loaded.configured)
    Terminal.print(arguments.has("html") ? register.page(language).printed(language) : register.text(language))
    return ExitCode.done
  }
}
