// tonnelle doctor: looks at everything that a gateway stands on, and says what to do.

internal import Configuration
internal import CoolIslands
internal import Gateway
internal import Glibc
internal import JSONText

enum DoctorCommand: Command {
  static let name = "doctor"
  static let summary = "Looks at settings, broker, clock, disk, files, ports and memory, and says what to do."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the gateway's settings"),
    OptionSpec(name: "json", value: nil, help: "one JSON object a line"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let path = try arguments.required("config")
    let diagnosis = Diagnosis(isJSON: arguments.has("json"))
    clock(diagnosis)
    if let loaded = settings(path, diagnosis) {
      let gateway = gateway(loaded, diagnosis)
      timeZone(loaded, diagnosis)
      files(loaded, diagnosis)
      disk(loaded, diagnosis)
      ports(loaded, diagnosis, isRunning: gateway)
      memory(loaded, diagnosis, isRunning: gateway)
      broker(loaded, diagnosis)
    }
    return diagnosis.hasFault ? ExitCode.failed : ExitCode.done
  }

  private static func settings(_ path: String, _ diagnosis: Diagnosis) -> LoadedConfiguration? {
    let files = ConfigurationReader.files(settingsPath: path)
    let outcome = files.text.map(ConfigurationReader.values)
    for finding in files.findings + (outcome?.findings ?? []) {
      diagnosis.note(finding.severity == .error ? .fault : .warning, "settings", "\(finding)")
    }
    guard let text = files.text, let configured = outcome?.configured else {
      diagnosis.note(
        .fault, "settings", "nothing else can be looked at", "correct them; tonnelle check shows the errors")
      return nil
    }
    let city = configured.city
    diagnosis.note(.ok, "settings", "\(city.name): \(city.places.count) places, \(city.sensors.count) sensors")
    return LoadedConfiguration(path: path, text: text, configured: configured)
  }

  /// Whether one runs, and how it is doing.
  private static func gateway(_ loaded: LoadedConfiguration, _ diagnosis: Diagnosis) -> Bool {
    do throws(CommandFailure) {
      let status = try GatewayClient(loaded).document("/api/status")
      if status["store_working"]?.bool != true {
        diagnosis.note(
          .fault, "gateway", "it cannot store: \(status["store_reason"]?.string ?? "")", "see the line of the disk")
      }
      if status["broker_connected"]?.bool != true {
        diagnosis.note(
          .fault, "gateway", "it has no broker: \(status["broker_reason"]?.string ?? "")", "see the line of the broker")
      }
      if let refused = status["refused_filters"].map({ $0.elements.compactMap(\.string) }), !refused.isEmpty {
        diagnosis.note(
          .fault, "gateway", "the broker refuses it \(refused.joined(separator: ", "))", "grant it these filters")
      }
      diagnosis.note(.ok, "gateway", "it runs, and has recovered")
      return true
    } catch {
      diagnosis.note(.ok, "gateway", "none answers on the operators' port: \(error.message)")
      return false
    }
  }
}

/// What was found, told line by line as it is found.
final class Diagnosis {
  enum Verdict: String {
    case ok, warning, fault
  }

  private(set) var hasFault = false
  private let isJSON: Bool

  init(isJSON: Bool) { self.isJSON = isJSON }

  /// Tells one finding.
  ///
  /// - Parameters:
  ///   - verdict: how bad it is.
  ///   - subject: what was looked at.
  ///   - text: what was found.
  ///   - advice: what to do, where there is something to do.
  func note(_ verdict: Verdict, _ subject: String, _ text: String, _ advice: String? = nil) {
    if verdict == .fault { hasFault = true }
    guard isJSON else {
      Terminal.print(
        "\(verdict.rawValue.padding(to: 7))  \(subject.padding(to: 9))  \(text)\(advice.map { ": \($0)" } ?? "")\n")
      return
    }
    var json = JSONWriter()
    json.object { json in
      json.member("verdict", verdict.rawValue)
      json.member("subject", subject)
      json.member("finding", text)
      if let advice { json.member("advice", advice) }
    }
    json.newline()
    Terminal.print(json.bytes)
  }
}
