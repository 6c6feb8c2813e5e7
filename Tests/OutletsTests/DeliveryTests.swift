// Deliveries: what is on the disk when a message leaves, and what leaves when the disk is of no use.

import Configuration
import Foundation
import Quantities
import Store
import Synchronization
import Testing

@testable import Outlets

/// A receiver that looks around when something comes, and answers at once.
final class Witness: AlertReceiver {
  let id: String
  let received = Mutex<[OutboxEvent]>([])
  private let wanted: Int
  private let look: @Sendable (OutboxEvent) -> Void
  private let done = DispatchSemaphore(value: 0)

  init(_ id: String, wanted: Int, look: @escaping @Sendable (OutboxEvent) -> Void = { _ in }) {
    self.id = id
    self.wanted = wanted
    self.look = look
  }

  func deliver(_ event: OutboxEvent, answer: @escaping @Sendable (Delivery) -> Void) {
    look(event)
    let count = received.withLock { received in
      received.append(event)
      return received.count
    }
    answer(.delivered)
    if count == wanted { done.signal() }
  }

  func cancel() {}

  /// Whether all that is wanted has come.
  func hasAll() -> Bool { done.wait(timeout: .now() + 20) == .success }
}

@Suite("Deliveries") struct DeliveryTests {
  /// A service that has three alerts to tell, level by level, as soon as it starts.
  static func service(
    _ folder: String, _ receivers: [any AlertReceiver], looks: @escaping @Sendable () -> Void = {},
    log: @escaping @Sendable (AlertNews) -> Void = { _ in }
  ) -> AlertService {
    var settings = Settings.Alerts()
    settings.group = .seconds(0)
    settings.rules = [.heatLevel: .init(after: .seconds(0), clearAfter: .seconds(0), limits: [2])]
    var scene = Scene()
    scene.level = 4
    let facts = scene.facts
    return AlertService(
      settings, from: AlertTextTests.origin, folder: folder, receivers: receivers,
      surroundings: .init(
        facts: {
          looks()
          return facts
        }, now: { Stage.noon }, log: { news, _ in log(news) }, makeID: { UUID().uuidString }))
  }

  @Test("a message is stored before it leaves, and the one before it is settled") func order() throws {
    try OutboxTests.inFolder { folder in
      let waiting = Mutex<[[Int64]]>([])
      let witness = Witness("a", wanted: 3) { _ in
        let lines = try? Outbox(folder: folder, receivers: ["a"]).lines()
        waiting.withLock { $0.append(lines?.first?.waiting.map(\.number) ?? []) }
      }
      let service = Self.service(folder, [witness])
      service.start()
      #expect(witness.hasAll())
      service.stop()
      #expect(waiting.withLock { $0 } == [[1, 2, 3], [2, 3], [3]])
      let line = try #require(try Outbox(folder: folder, receivers: ["a"]).lines().first)
      #expect(line.waiting.isEmpty && line.counts[.delivered] == 3)
      #expect(service.status.raised.map(\.subject.id) == ["2", "3", "4"])
      // The next start has nothing to tell: it has when it looks a second time.
      let looks = DispatchSemaphore(value: 0)
      let next = Self.service(folder, [Witness("a", wanted: 1)], looks: { looks.signal() })
      next.start()
      for _ in 0..<2 { #expect(looks.wait(timeout: .now() + 20) == .success) }
      next.stop()
      #expect(try Outbox(folder: folder, receivers: ["a"]).nextNumber() == 4)
    }
  }

  @Test("an outbox that cannot be opened keeps no alert from leaving") func broken() throws {
    try OutboxTests.inFolder { folder in
      try Data(repeating: 0x58, count: 5000).write(to: URL(filePath: folder + "/outbox.sqlite"))
      let told = Mutex<[AlertNews]>([])
      let witness = Witness("a", wanted: 3)
      let service = Self.service(folder, [witness], log: { news in told.withLock { $0.append(news) } })
      service.start()
      #expect(witness.hasAll())
      service.stop()
      #expect(told.withLock { $0.first } == .outboxClosed && service.status.storeReason != nil)
    }
  }
}
