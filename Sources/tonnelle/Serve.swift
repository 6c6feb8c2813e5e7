// tonnelle serve: the gateway, until somebody says stop.

internal import Configuration
internal import Dispatch
internal import Gateway
internal import Glibc

enum ServeCommand: Command {
  static let name = "serve"
  static let summary = "Runs a gateway: SIGTERM stops it cleanly, SIGHUP reads its configuration again."
  static let operands = ""
  static let options = [
    OptionSpec(name: "config", value: "FILE", help: "the settings"),
    OptionSpec(name: "transitions", value: "FILE", help: "append each indicator transition there, as replay prints it"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    try arguments.noOperands()
    let loaded = try LoadedConfiguration.load(try arguments.required("config"))
    var transitions: AppendedFile?
    if let path = arguments["transitions"] { transitions = try AppendedFile(path) }
    Signals.ignore(SIGHUP)  // until there is something to read anew
    let supervisor = Supervisor()
    let service = Handle(try Service(loaded, transitions: transitions, supervisor: supervisor) { .real })
    let settings = loaded.configured.settings
    Log.notice(
      "serving",
      "public http://\(settings.publicPort.address):\(service.value.publicPort), operators http://\(settings.operatorsPort.address):\(service.value.operatorsPort)"
    )
    let stop = DispatchSemaphore(value: 0)
    let signals = Signals()
    for number in [SIGTERM, SIGINT] { signals.on(number) { stop.signal() } }
    signals.on(SIGHUP) { service.value.reload(supervisor) }
    stop.wait()
    supervisor?.stopping()
    service.value.stop()
    Log.notice("stopped", "stopped cleanly")
    return ExitCode.done
  }
}

/// Carries a service into a signal's queue.
///
/// `@unchecked Sendable`: `reload` only hands work to the loop's queue, and `stop` is called by the main thread alone.
final class Handle: @unchecked Sendable {
  let value: Service
  init(_ value: Service) { self.value = value }
}
