// What the loop shows, handed to everybody who shows it: two ports, the service manager, alerts, what leaves for long.

internal import CoolIslands
internal import Core
internal import Gateway
internal import HTTPServer
internal import JSONText
internal import OperatorEndpoint
internal import Outlets
internal import PublicEndpoint
internal import Publication
internal import Quantities
internal import Synchronization

/// What a running gateway shows goes to both ports.
final class Outlets: GatewayOutlets, Sendable {
  let publicSite: PublicSite
  let operatorSite: OperatorSite
  private let clock: LoopClock
  private let lastTime = Mutex<Int64>(0)
  private let lastTick = Mutex<Int64>(0)
  private let transitions: AppendedFile?
  private let supervisor: Supervisor?
  private let alerting: Alerting?
  private let longKeeping: LongKeeping?
  private let contextBroker: ContextBroker?

  init(
    _ publicSite: PublicSite, _ operatorSite: OperatorSite, clock: LoopClock, transitions: AppendedFile?,
    supervisor: Supervisor?, alerting: Alerting?, longKeeping: LongKeeping?, contextBroker: ContextBroker?
  ) {
    self.longKeeping = longKeeping
    self.contextBroker = contextBroker
    self.supervisor = supervisor
    self.publicSite = publicSite
    self.operatorSite = operatorSite
    self.clock = clock
    self.transitions = transitions
    self.alerting = alerting
  }

  func note(_ effects: [Effect], zone: CivilZone) {
    guard let transitions else { return }
    var lines = JSONWriter()
    for effect in effects { effect.write(to: &lines, zone: zone) }
    transitions.append(lines.bytes)
  }

  func show(_ snapshot: PublicSnapshot, changed: [String]) {
    publicSite.show(snapshot, changed: changed)
    longKeeping?.show(snapshot)
    contextBroker?.show(snapshot)
    supervisor?.serving()
  }

  func show(_ view: OperatorsView, status: GatewayStatus) {
    supervisor?.status(
      (status.storeReason.map { "nothing can be stored: \($0)" } ?? "storing works") + "; "
        + (status.brokerConnected ? "the broker is connected" : "no broker: \(status.brokerReason ?? "not yet")"))
    alerting?.show(view, status)
    operatorSite.show(
      OperatorsFacts(
        view: view, brokerConnected: status.brokerConnected, brokerReason: status.brokerReason,
        refusedFilters: status.refusedFilters,
        storeReason: status.storeReason, ledger: status.ledger, position: status.position,
        checkpoint: status.checkpoint, batches: status.batches, strangers: status.strangers))
  }

  func turned(at moment: Moment) {
    clock.turned(at: moment.uptime)
    supervisor?.turned(at: moment.uptime)
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

  /// Real time since it last turned; none before it begins.
  var age: Span {
    let last = last.load(ordering: .relaxed)
    return last == 0 ? .milliseconds(0) : .milliseconds(Timebase.uptime().milliseconds - last)
  }

  /// Whether it turned within the last ten seconds, or has not begun yet.
  var isAlive: Bool {
    let last = last.load(ordering: .relaxed)
    return last == 0 || Timebase.uptime().milliseconds - last < 10_000
  }
}
