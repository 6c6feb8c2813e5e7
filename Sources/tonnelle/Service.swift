// A gateway with everything around it: files, lock, journal, broker, two ports. `serve` runs it, and so does `demo`.

internal import Configuration
internal import Core
internal import Dispatch
internal import Gateway
internal import Glibc
internal import HTTPServer
internal import MQTTLink
internal import OperatorEndpoint
internal import Outlets
internal import PublicEndpoint
internal import Quantities
internal import Store

/// A running gateway.
final class Service {
  let token: String
  let publicPort: Int
  let operatorsPort: Int
  private let loaded: LoadedConfiguration
  private let lock: FolderLock
  private let site: PublicSite
  private let operators: OperatorSite
  private let publicServer: HTTPServer
  private let operatorServer: HTTPServer
  private let loop: Loop
  private let alerting: Alerting?
  private let longKeeping: LongKeeping?
  private let contextBroker: ContextBroker?

  /// Starts a gateway; when this returns it has recovered and turns.
  ///
  /// - Parameters:
  ///   - loaded: its configuration.
  ///   - transitions: where each transition is written, if anywhere.
  ///   - supervisor: who hears how it is doing, if anybody.
  ///   - timebase: its clock, asked for when the recovery is done.
  /// - Throws: ``CommandFailure`` with the sentence for the one who started it.
  init(
    _ loaded: LoadedConfiguration, transitions: AppendedFile? = nil, supervisor: Supervisor? = nil,
    timebase: () -> Timebase
  ) throws(CommandFailure) {
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
    let acts = Acts()
    var operatorOptions = OperatorSiteOptions(
      key: token, accounts: try Self.accounts(loaded),
      traffic: { PublicTraffic(connections: server.connections, streams: site.events.counts) },
      export: { site.export($0) }, act: { acts.perform($0, $1) }, random: { Files.randomToken() },
      log: { Log.warning("access_refused", $0) })
    operatorOptions.contacts = Contacts(settings.contacts)
    operatorOptions.trustedProxies = settings.site.trustedProxies
    operatorOptions.loopAge = { clock.age }
    let operators = OperatorSite(operatorOptions)
    self.operators = operators
    self.site = site
    publicServer = server
    var operatorsSite = Settings.Site()
    operatorsSite.threads = 6  // whoever acts waits for the disk, and keeps nobody else waiting
    operatorServer = try Self.server(settings.operatorsPort, operatorsSite) { operators.reply(to: $0) }
    publicPort = publicServer.port
    operatorsPort = operatorServer.port

    let journal: Database
    let recovered: Recovered
    do {
      journal = try Database(folder: loaded.dataFolder)
      let resumption = try Recovery.read(
        journal, otherwise: (loaded.text, loaded.configured), progress: Self.progress(supervisor))
      // Before anything new is written: an entry of today would make the clock's time the journal's.
      Self.waitForClock(after: resumption.reached, loaded.configured.settings, timebase, supervisor)
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
    if options.clientID.isEmpty { options.clientID = try Self.clientID(loaded) }
    if let name = settings.broker.passwordFile, Files.isOpenToAll(loaded.path(of: name)) {
      Log.warning("password_readable", "every user of this machine can read the password in \(name)")
    }
    options.will = (Topics.status(settings.gateway), Array("offline".utf8))
    guard let mqtt = MQTTLink(options) else {
      throw CommandFailure("libmosquitto cannot use these broker settings")
    }
    let outgoing = OutgoingMessages()
    let link = BrokerLink(mqtt, home: queue, outgoing: outgoing)
    alerting = try Alerting(loaded, timebase: timebase, clock: clock, outgoing: outgoing)
    if let alerting { operators.open(.alerts) { alerting.document } }
    longKeeping = try LongKeeping(loaded)
    if let longKeeping { operators.open(.longHistory) { longKeeping.document } }
    contextBroker = try ContextBroker.make(loaded)
    loop = Loop(timebase: timebase, link: link, queue: queue)
    loop.start(
      Gateway(
        recovered: recovered, link: link, store: journal,
        outlets: Outlets(
          site, operators, clock: clock, transitions: transitions, supervisor: supervisor, alerting: alerting,
          longKeeping: longKeeping, contextBroker: contextBroker),
        factor: timebase.factor))
    acts.begin(loop)
  }

  /// A machine without a battery starts with a wrong clock: one that lies more than a day beside the journal is believed
  /// only when a time server has set it, or all that is known would be thrown away, as too old or as not come yet.
  private static func waitForClock(
    after known: Instant, _ settings: Settings, _ timebase: () -> Timebase, _ supervisor: Supervisor?
  ) {
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
      supervisor?.starting("waiting for a time server to set the clock", seconds: 60)
      usleep(200_000)
    }
  }

  /// Says every two seconds how far the journal has been read.
  private static func progress(_ supervisor: Supervisor?) -> (Int64, Int64) -> Void {
    var last = Timebase.uptime()
    return { done, total in
      let now = Timebase.uptime()
      guard now.milliseconds - last.milliseconds >= 2000 else { return }
      last = now
      supervisor?.starting("reading the journal: \(done) of \(total) entries", seconds: 60)
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

  /// The accounts of the file that settings name; nil where they name none.
  private static func accounts(_ loaded: LoadedConfiguration) throws(CommandFailure) -> OperatorAccounts? {
    guard let name = loaded.configured.settings.accountsFile else { return nil }
    let path = loaded.path(of: name)
    guard let text = Files.read(path) else { throw CommandFailure("the accounts in \(path) cannot be read") }
    guard Files.isPrivate(path) else {
      throw CommandFailure("\(path) can be read by others: chmod 600 \(path)")
    }
    do {
      return try OperatorAccounts(text, name: path)
    } catch {
      throw CommandFailure(error.description)
    }
  }

  /// The gateway's identifier at the broker, made once: whoever knew it could take the session over, and what waits in it.
  private static func clientID(_ loaded: LoadedConfiguration) throws(CommandFailure) -> String {
    let path = loaded.dataFolder + "/client.id"
    if Files.exists(path) { return try Files.firstLine(path) }
    let name = "tonnelle-\(loaded.configured.settings.gateway)-\(Files.randomToken().prefix(16))"
    try Files.writePrivate(name + "\n", to: path)
    return name
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
  func reload(_ supervisor: Supervisor? = nil) {
    let path = loaded.path
    let operators = operators
    supervisor?.reloading()
    loop.perform { gateway in
      defer { supervisor?.ready() }
      do throws(CommandFailure) {
        let new = try LoadedConfiguration.load(path, quietly: true) { Log.error("configuration", $0) }
        let old = gateway.configured.settings
        let settings = new.configured.settings
        guard settings.gateway == old.gateway, settings.broker == old.broker, settings.publicPort == old.publicPort,
          settings.operatorsPort == old.operatorsPort, settings.operatorsTokenFile == old.operatorsTokenFile,
          settings.operatorsURL == old.operatorsURL,
          settings.accountsFile == old.accountsFile, settings.contacts == old.contacts, settings.alerts == old.alerts,
          settings.longHistory == old.longHistory, settings.contextBroker == old.contextBroker,
          settings.tiles == old.tiles, settings.site == old.site,
          new.dataFolder == ConfigurationReader.path(old.dataFolder, besides: path)
        else {
          throw CommandFailure(
            "gateway, data, broker, public, operators, alerts, long_history, context_broker and map_tiles change only with a restart"
          )
        }
        if let accounts = try Self.accounts(new) { operators.replace(accounts) }
        gateway.submit(.configuration(gateway.world.now, new.text))
        Log.notice("reloaded", "the configuration was read again")
      } catch {
        Log.error("reload_refused", "\(error.message); the configuration in force goes on")
      }
    }
  }

  /// Stops cleanly: everything that was acknowledged is stored, the broker hears goodbye.
  func stop() {
    alerting?.stop()
    loop.stop()
    longKeeping?.stop()
    contextBroker?.stop()
    site.events.close()
    // First the port that shows how the other one is doing.
    operatorServer.stop()
    publicServer.stop()
  }
}
