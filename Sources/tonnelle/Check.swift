// tonnelle check: everything that is wrong with a configuration, before it runs.

internal import Configuration
internal import CoolIslands
internal import JSONText

enum CheckCommand: Command {
  static let name = "check"
  static let summary = "Says what is wrong with a configuration: file, line, column, key, found, expected."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings"),
    OptionSpec(name: "json", value: nil, help: "one JSON object a line"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let files = ConfigurationReader.files(settingsPath: try arguments.required("config"))
    let outcome = files.text.map(ConfigurationReader.values)
    let findings = files.findings + (outcome?.findings ?? [])
    for finding in findings { Terminal.print(arguments.has("json") ? json(finding) : Array("\(finding)\n".utf8)) }
    guard let city = outcome?.configured?.city else { return ExitCode.usage }
    if !arguments.has("json") {
      func number(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
      Terminal.print(
        "\(city.name): \(number(city.places.count, "place")), \(number(city.sensors.count, "sensor")), no errors\n")
    }
    return ExitCode.done
  }

  private static func json(_ finding: Finding) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("severity", finding.severity.rawValue)
      json.member("file", finding.file)
      if let position = finding.position {
        json.member("line", position.line)
        json.member("column", position.column)
      }
      json.member("path", finding.path)
      json.member("message", finding.message)
    }
    json.newline()
    return json.bytes
  }
}
