// A gateway with everything around it: files, lock, journal, broker, two ports. `serve` runs it, and so does `demo`.

internal import Configuration
internal import Core
internal import CoolIslands
internal import Dispatch
internal import Gateway
internal import Glibc
internal import HTTPServer
internal import JSONText
internal import MQTTLink
internal import OperatorEndpoint
internal import PublicEndpoint
internal import Publication
internal import Quantities
internal import Store
internal import Synchronization

/// What a running gateway shows goes to both ports.
final class Outlets: GatewayOutlets, Sendable {
  let publicSite: PublicSite
  let operatorSite: OperatorSite
  private let clock: LoopClock
  private let lastTime = Mutex<Int64>(0)
  private let lastTick = Mutex<Int64>(0)
  private let transitions: AppendedFile?

  init(_ publicSite: PublicSite, _ operatorSite: OperatorSite, clock: LoopClock, transitions: AppendedFile?) {
    self.publicSite = publicSite
    self.operatorSite = operatorSite
    self.clock = clock
    self.transitions = transitions
  }

  func note(_ effects: [Effect], zone: CivilZone) {
    guard let transitions else { return }
    var lines = JSONWriter()
    for effect in effects { effect.write(to: &lines, zone: zone) }
    transitions.append(lines.bytes)
  }

  func show(_ snapshot: PublicSnapshot, changed: [String]) { publicSite.show(snapshot, changed: changed) }

  func show(_ view: OperatorsView, status: GatewayStatus) {
    operatorSite.show(
      OperatorsFacts(
        view: view, brokerConnected: status.brokerConnected, brokerReason: status.brokerReason,
        refusedFilters: status.refusedFilters,
        storeReason: status.storeReason, ledger: status.ledger, position: status.position,
        checkpoint: status.checkpoint, batches: status.batches, strangers: status.strangers))
  }

  func turned(at moment: Moment) {
    clock.turned(at: moment.uptime)
    let isTime = lastTime.withLock { last in
      guard moment.uptime.milliseconds - last >= 5000 else { return false }
      last = moment.uptime.milliseconds
      return true
    }
    if isTime { publicSite.tellTime(at: moment.core) }
    // Changes leave in ticks: thousands of streams are woken twice a second at most, however much happens.
    let isTick = lastTick.withLock { last in
      guard moment.uptime.milliseconds - last >= 450 else { return false }
      last = moment.uptime.milliseconds
      return true
    }
    if isTick { publicSite.events.tick() }
  }
}

/// When the loop last turned.
final class LoopClock: Sendable {
  private let last = Atomic<Int64>(0)

  func turned(at uptime: Span) { last.store(uptime.milliseconds, ordering: .relaxed) }

  /// Whether it turned within the last ten seconds, or has not begun yet.
  var isAlive: Bool {
    let last = last.load(ordering: .relaxed)
    return last == 0 || Timebase.uptime().milliseconds - last < 10_000
  }
}

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
    if let authorities = broker.certificateAuthorities, Files.read(path(of: authorities)) == nil {
      throw CommandFailure("the certificates in \(authorities) cannot be read; nothing is sent unencrypted instead")
    }
    return LinkOptions(
      host: broker.host, port: broker.port, clientID: broker.clientID, username: broker.username, password: password,
      usesMQTT5: broker.usesMQTT5, receiveMaximum: broker.receiveMaximum, keepAlive: broker.keepAlive,
      certificateAuthorities: broker.certificateAuthorities.map { path(of: $0) })
  }
}

/// A running gateway.
final class Service {
  let token: String
  let publicPort: Int
  let operatorsPort: Int
  private let loaded: LoadedConfiguration
  private let lock: FolderLock
  private let site: PublicSite
  private let publicServer: HTTPServer
  private let operatorServer: HTTPServer
  private let loop: Loop

  /// Starts a gateway; when this returns it has recovered and turns.
  ///
  /// - Parameters:
  ///   - loaded: its configuration.
  ///   - transitions: where each transition is written, if anywhere.
  ///   - timebase: its clock, asked for when the recovery is done.
  /// - Throws: ``CommandFailure`` with the sentence for the one who started it.
  init(_ loaded: LoadedConfiguration, transitions: AppendedFile? = nil, timebase: () -> Timebase) throws(CommandFailure)
  {
    self.loaded = loaded
    let settings = loaded.configured.settings
    do {
      lock = try FolderLock(folder: loaded.dataFolder)
    } catch {
      throw CommandFailure(error.description)
    }
    token = try Self.token(loaded)
    Limits.raiseFiles()
    let clock = LoopClock()
    let leaflet = "/usr/share/javascript/leaflet"
    var siteOptions = PublicSiteOptions(
      tiles: settings.tiles.map { ($0.url, $0.attribution) }, leafletFolder: leaflet,
      isAlive: { clock.isAlive }, readFile: { Files.read($0) })
    siteOptions.streams = settings.site.streams
    siteOptions.run = Files.randomToken().prefix(12).lowercased()
    siteOptions.qrCode = { Tool.output(of: ["qrencode", "-t", "ASCII", "-m", "4", "-o", "-", $0]) }
    siteOptions.url = settings.site.url
    siteOptions.trustedProxies = settings.site.trustedProxies
    let site = PublicSite(siteOptions)
    let server = try Self.server(settings.publicPort, settings.site) { site.reply(to: $0) }
    let operators = OperatorSite(
      token: token, traffic: { PublicTraffic(connections: server.connections, streams: site.events.counts) },
      export: { site.export($0) })
    self.site = site
    publicServer = server
    operatorServer = try Self.server(settings.operatorsPort, Settings.Site()) { operators.reply(to: $0) }
    publicPort = publicServer.port
    operatorsPort = operatorServer.port

    let journal: Database
    let recovered: Recovered
    do {
      journal = try Database(folder: loaded.dataFolder)
      let resumption = try Recovery.read(
        journal, otherwise: (loaded.text, loaded.configured), progress: Self.progress())
      // Before anything new is written: an entry of today would make the clock's time the journal's.
      Self.waitForClock(after: resumption.reached, loaded.configured.settings, timebase)
      recovered = try resumption.finish(
        text: loaded.text, configured: loaded.configured, now: timebase().moment().core)
    } catch {
      throw CommandFailure(error.description)
    }
    do {
      operators.open(try HistoryReader(folder: loaded.dataFolder))
      site.open(StoredHistory(try HistoryReader(folder: loaded.dataFolder)))
    } catch {
      Log.error("history_closed", "the history cannot be read: \(error)")
    }
    Memory.giveBack()
    if recovered.entries > 0 { Log.notice("recovered", "\(recovered.entries) entries of the journal were read") }
    let timebase = timebase()
    let queue = DispatchQueue(label: "tonnelle.loop", qos: .userInitiated)
    var options = try loaded.linkOptions()
    options.will = (Topics.status(settings.gateway), Array("offline".utf8))
    guard let mqtt = MQTTLink(options) else {
      throw CommandFailure("libmosquitto cannot use these broker settings")
    }
    let link = BrokerLink(mqtt, home: queue)
    loop = Loop(timebase: timebase, link: link, queue: queue)
    loop.start(
      Gateway(
        recovered: recovered, link: link, store: journal,
        outlets: Outlets(site, operators, clock: clock, transitions: transitions),
        factor: timebase.factor))
  }

  /// A machine without a battery starts with a wrong clock: one that lies more than a day beside the journal is believed
  /// only when a time server has set it, or all that is known would be thrown away, as too old or as not come yet.
  private static func waitForClock(after known: Instant, _ settings: Settings, _ timebase: () -> Timebase) {
    guard case .real = timebase(), known > .distantPast, !settings.trustsClock else { return }
    var isSaid = false
    while true {
      let ahead = timebase().moment().core - known
      guard ahead > .days(1) || ahead < .days(-1), !Clock.isSynchronised else { return }
      if !isSaid {
        Log.warning(
          "clock_not_trusted",
          "the clock is \(abs(ahead.seconds) / 3600) h \(ahead.seconds > 0 ? "ahead of" : "behind") the journal, and no time server has set it: waiting for one, or for \"clock\": \"trusted\" in the settings and a restart"
        )
        isSaid = true
      }
      usleep(200_000)
    }
  }

  /// Says every two seconds how far the journal has been read.
  private static func progress() -> (Int64, Int64) -> Void {
    var last = Timebase.uptime()
    return { done, total in
      let now = Timebase.uptime()
      guard now.milliseconds - last.milliseconds >= 2000 else { return }
      last = now
      Log.info("recovering", "\(done) of \(total) entries of the journal have been read")
    }
  }

  private static func server(
    _ endpoint: Settings.Endpoint, _ site: Settings.Site, _ handler: @escaping HTTPServer.Handler
  ) throws(CommandFailure) -> HTTPServer {
    do {
      var options = HTTPServerOptions(address: endpoint.address, port: endpoint.port)
      options.threads = site.threads
      // Some descriptors are kept for the journal, the broker and the other port.
      options.connections = max(64, min(site.connections, Limits.files / 2 - 64))
      options.connectionsPerAddress = site.connectionsPerAddress
      options.idleTimeout = site.idleSeconds
      return try HTTPServer(options, handler: handler)
    } catch {
      throw CommandFailure(error.description)
    }
  }

  /// The operators' token: from the file that settings name, or one made in the data folder.
  private static func token(_ loaded: LoadedConfiguration) throws(CommandFailure) -> String {
    let named = loaded.configured.settings.operatorsTokenFile.map { loaded.path(of: $0) }
    let path = named ?? loaded.dataFolder + "/operators.token"
    if let bytes = Files.read(path) {
      let token = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
      guard token.utf8.count >= 16 else { throw CommandFailure("the token in \(path) is shorter than 16 characters") }
      return token
    }
    if named != nil { throw CommandFailure("the token file \(path) cannot be read") }
    let token = Files.randomToken()
    try Files.writePrivate(token + "\n", to: path)
    return token
  }

  /// Reads the configuration again; a bad one is refused, and the one in force goes on.
  func reload() {
    let path = loaded.path
    loop.perform { gateway in
      do throws(CommandFailure) {
        let new = try LoadedConfiguration.load(path, quietly: true) { Log.error("configuration", $0) }
        let old = gateway.configured.settings
        let settings = new.configured.settings
        guard settings.gateway == old.gateway, settings.broker == old.broker, settings.publicPort == old.publicPort,
          settings.operatorsPort == old.operatorsPort, settings.tiles == old.tiles, settings.site == old.site,
          new.dataFolder == ConfigurationReader.path(old.dataFolder, besides: path)
        else {
          throw CommandFailure("gateway, data, broker, public, operators and map_tiles change only with a restart")
        }
        gateway.submit(.configuration(gateway.world.now, new.text))
        Log.notice("reloaded", "the configuration was read again")
      } catch {
        Log.error("reload_refused", "\(error.message); the configuration in force goes on")
      }
    }
  }

  /// Stops cleanly: everything that was acknowledged is stored, the broker hears goodbye.
  func stop() {
    loop.stop()
    site.events.close()
    // First the port that shows how the other one is doing.
    operatorServer.stop()
    publicServer.stop()
  }
}

/// Signals as calls on a queue.
final class Signals {
  private var sources: [any DispatchSourceSignal] = []
  private let queue = DispatchQueue(label: "tonnelle.signals")

  /// Keeps a signal from ending the program.
  static func ignore(_ number: Int32) { _ = signal(number, SIG_IGN) }

  func on(_ number: Int32, _ work: @escaping @Sendable () -> Void) {
    Self.ignore(number)
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler(handler: work)
    source.resume()
    sources.append(source)
  }
}
