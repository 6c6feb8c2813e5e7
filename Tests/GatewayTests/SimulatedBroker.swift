// A broker that keeps its promises as MQTT words them, and breaks what a network may break.

import MQTTLink
import Quantities

@testable import Gateway

/// What can go wrong; a run counts how often each struck.
enum Fault: String, CaseIterable {
  case connectionReset, acknowledgementsLost, halfOpen, brokerRestarted, sessionLost, subscriptionRefused
  case lost, repeated, reordered, delayed, corrupted, unknownTopic, veryLate, frameRepeated
  case diskFull, diskReadOnly, diskSlow, writeError, syncError
  case crashInLink, crashInDisk, crashInRecovery, powerFailure, sectorLost, sectorTorn
  case clockForward, clockBack, daysPass, reload, command, cleanStop, slowClient
}

/// The gateway's process: once it is dead nothing that it calls has any effect.
final class Life {
  var isDead = false
}

/// A message on its way to the gateway.
struct Outgoing {
  let topic: String
  let payload: [UInt8]
  let qos: Int
  var packet = 0
}

/// The broker, the network and the gateway's client in one.
///
/// What `read` hands over is acknowledged by the next `write`, as libmosquitto's threaded mode does it; an `abandon`
/// takes the acknowledgements with it. An unacknowledged message of QoS 1 comes again on the next connection that
/// resumes the session, with the same packet identifier.
final class SimulatedBroker: GatewayLink {
  /// Payloads of QoS 1 that the broker saw acknowledged.
  private(set) var acknowledged: Set<[UInt8]> = []
  private(set) var retained: [String: [UInt8]] = [:]
  private(set) var faults: [Fault: Int] = [:]
  /// Whether the next CONNACK announces the session of before.
  private var hasSession = false

  private var queue: [Outgoing] = []
  private var inFlight: [Outgoing] = []
  private var unsent: [Outgoing] = []
  private var nextPacket = 1
  private var handedOver: [Outgoing] = []
  private var events: [LinkEvent] = []
  private var outbox: [(topic: String, payload: [UInt8], retain: Bool)] = []
  private var subscribed = false
  private var silentPasses = 0
  private let life: Life
  private var callsUntilDeath: Int?
  private var delayed: [Outgoing] = []
  /// The gateway may have so many messages unacknowledged.
  static let receiveMaximum = 20

  private(set) var isConnected = false
  var isDrained: Bool { delayed.isEmpty && queue.isEmpty && inFlight.isEmpty && unsent.isEmpty && handedOver.isEmpty }
  /// Whether the connection breaks at the next `write`, before the broker has seen any of it.
  var losesNextWrite = false
  /// Whether the next subscription is refused.
  var refusesSubscription = false

  init(_ life: Life) { self.life = life }

  func strike(_ fault: Fault) { faults[fault, default: 0] += 1 }

  // MARK: The world's side

  func publish(_ message: Outgoing) {
    // QoS 0 is not kept for a gateway that is away.
    if message.qos == 0 && (!isConnected || silentPasses > 0) { return strike(.lost) }
    queue.append(message)
  }

  /// Some messages lie about somewhere on their way.
  func delay(_ message: Outgoing) { delayed.append(message) }

  /// Delayed messages arrive.
  func deliverDelayed() {
    for message in delayed { publish(message) }
    delayed = []
  }

  func reorder() { queue.reverse() }

  /// The connection breaks.
  func reset() { if isConnected { breakOff("reset by peer") } }

  /// Nothing arrives any more in either direction, for so many passes.
  func fallSilent(passes: Int) { if isConnected { silentPasses = passes } }

  /// The broker starts anew.
  func restart(keepingSession: Bool) {
    if isConnected { breakOff("the broker went away") }
    guard !keepingSession else { return }
    (hasSession, queue, inFlight, unsent, delayed) = (false, [], [], [], [])
    retained = [:]
  }

  /// The process dies at one of its next calls.
  func killClient(afterCalls calls: Int) { callsUntilDeath = calls }

  /// Counts a call of the gateway; the fatal one has no effect any more.
  func survives() -> Bool {
    if let calls = callsUntilDeath {
      callsUntilDeath = calls - 1
      if calls == 0, !life.isDead {
        life.isDead = true
        strike(.crashInLink)
      }
    }
    return !life.isDead
  }

  /// A new process takes the client's place; the broker notices that the old one is gone.
  func newClient() {
    callsUntilDeath = nil
    isConnected = false
    (events, handedOver, outbox, silentPasses) = ([], [], [], 0)
    unsent = inFlight
    if retained["tonnelle/v1/gateway/g/status"] != nil {
      retained["tonnelle/v1/gateway/g/status"] = Array("offline".utf8)
    }
  }

  private func breakOff(_ reason: String) {
    isConnected = false
    (handedOver, outbox, silentPasses, subscribed) = ([], [], 0, false)
    unsent = inFlight
    retained["tonnelle/v1/gateway/g/status"] = Array("offline".utf8)  // the last will
    events = events.filter { if case .message = $0 { false } else { true } } + [.lost(reason: reason)]
  }

  private func settle() {
    for message in handedOver where message.qos > 0 {
      acknowledged.insert(message.payload)
      inFlight.removeAll { $0.packet == message.packet }
    }
    handedOver = []
    for message in outbox where message.retain {
      retained[message.topic] = message.payload.isEmpty ? nil : message.payload
    }
    outbox = []
  }

  // MARK: The gateway's side

  func startConnecting() {
    guard survives() else { return }
    isConnected = true
    events.append(.connected(sessionPresent: hasSession))
    if !hasSession { (inFlight, unsent) = ([], []) }
    subscribed = hasSession
    hasSession = true
  }

  func read(limit: Int) -> [LinkEvent] {
    guard survives() else { return [] }
    if silentPasses > 0 {
      silentPasses -= 1
      if silentPasses == 0 { breakOff("keep-alive timed out") }
      return []
    }
    defer { events = [] }
    guard isConnected, events.isEmpty, subscribed else { return events }
    var messages: [Outgoing] = []
    while messages.count < limit, !unsent.isEmpty { messages.append(unsent.removeFirst()) }
    while messages.count < limit, !queue.isEmpty, queue[0].qos == 0 || inFlight.count < Self.receiveMaximum {
      var message = queue.removeFirst()
      if message.qos > 0 {
        message.packet = nextPacket
        nextPacket = nextPacket % 65_535 + 1
        inFlight.append(message)
      }
      messages.append(message)
    }
    handedOver += messages
    return messages.map {
      .message(LinkMessage(topic: $0.topic, payload: $0.payload, qos: $0.qos, isRetained: false, packet: $0.packet))
    }
  }

  func write() {
    guard survives(), isConnected, silentPasses == 0 else { return }
    guard losesNextWrite, !handedOver.isEmpty else { return settle() }
    losesNextWrite = false
    strike(.acknowledgementsLost)
    breakOff("reset by peer")
  }

  func abandon() {
    guard survives(), isConnected else { return }
    breakOff("abandoned")
    events = []
  }

  func keepAlive() {}

  func subscribe(_ filters: [String], qos: Int) -> Int? {
    guard survives(), isConnected else { return nil }
    let accepts = !refusesSubscription
    if refusesSubscription {
      refusesSubscription = false
      strike(.subscriptionRefused)
    }
    if filters.contains("tonnelle/v1/up/+/+") { subscribed = accepts }
    events.append(.subscribed(packet: qos + 1, accepted: filters.map { _ in accepts }))
    return qos + 1
  }

  func unsubscribe(_ filter: String) {}

  func publish(_ topic: String, _ payload: [UInt8], qos: Int, retain: Bool) -> Int? {
    guard survives(), isConnected else { return nil }
    outbox.append((topic, payload, retain))
    return 1
  }

  func disconnect() {}
}
