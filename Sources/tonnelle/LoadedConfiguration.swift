// A configuration as it stands on the disk, checked, with the folder that its names are relative to.

internal import Configuration
internal import Core
internal import MQTTLink

/// A configuration and where it came from.
struct LoadedConfiguration {
  let path: String
  let text: ConfigurationText
  let configured: Configured

  /// Reads and checks a configuration; what is wrong is printed.
  static func load(
    _ path: String, quietly: Bool = false, tell: (String) -> Void = { Terminal.error($0 + "\n") }
  ) throws(CommandFailure) -> LoadedConfiguration {
    let files = ConfigurationReader.files(settingsPath: path)
    var findings = files.findings
    var configured: Configured?
    if let text = files.text {
      let outcome = ConfigurationReader.values(text)
      findings += outcome.findings
      configured = outcome.configured
    }
    for finding in findings where !quietly || finding.severity == .error { tell("\(finding)") }
    guard let text = files.text, let configured else {
      let errors = findings.count { $0.severity == .error }
      throw CommandFailure("\(path) has \(errors) error\(errors == 1 ? "" : "s")", code: ExitCode.usage)
    }
    return LoadedConfiguration(path: path, text: text, configured: configured)
  }

  func path(of name: String) -> String { ConfigurationReader.path(name, besides: path) }

  var dataFolder: String { path(of: configured.settings.dataFolder) }

  /// How the settings say to reach the broker.
  ///
  /// - Throws: ``CommandFailure`` when a file that they name cannot be read.
  func linkOptions() throws(CommandFailure) -> LinkOptions {
    let broker = configured.settings.broker
    let password = try broker.passwordFile.map { name throws(CommandFailure) in try Files.firstLine(path(of: name)) }
    for name in [broker.certificateAuthorities, broker.certificate].compactMap({ $0 })
    where Files.read(path(of: name)) == nil {
      throw CommandFailure("the certificates in \(name) cannot be read; nothing is sent unencrypted instead")
    }
    if let key = broker.key {
      guard Files.read(path(of: key)) != nil else { throw CommandFailure("the private key in \(key) cannot be read") }
      guard !Files.isOpenToAll(path(of: key)) else {
        throw CommandFailure("every user of this machine can read the private key in \(key): chmod o= \(path(of: key))")
      }
    }
    return LinkOptions(
      host: broker.host, port: broker.port, clientID: broker.clientID, username: broker.username, password: password,
      usesMQTT5: broker.usesMQTT5, receiveMaximum: broker.receiveMaximum, keepAlive: broker.keepAlive,
      certificateAuthorities: broker.certificateAuthorities.map { path(of: $0) },
      certificate: broker.certificate.map { path(of: $0) }, key: broker.key.map { path(of: $0) })
  }
}
