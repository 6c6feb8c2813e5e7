// Retained topics: written only when they change, at most once a second each, and all of them to a new broker.

internal import Configuration
internal import Core
internal import CoolIslands
internal import JSONText
internal import Publication
internal import Quantities

struct Publisher {
  private static let interval: Int64 = 1000

  private let gateway: String
  private var changes = Changes()
  private var lastPublished: [Int: Int64] = [:]
  private var lastCity: Int64 = .min / 2
  private var lastCityText: [UInt8] = []
  var leftovers: Leftovers
  private var emptied: [String] = []
  private var results: [CommandResult] = []
  private var greeting: [(topic: String, payload: [UInt8])] = []
  private var unshown: Set<String> = []

  init(gateway: String, leftovers: Leftovers) {
    self.gateway = gateway
    self.leftovers = leftovers
  }

  /// Adds what changed in the core.
  mutating func take(_ new: Changes, in world: borrowing World) {
    changes.indicators.formUnion(new.indicators)
    changes.about.formUnion(new.about)
    changes.city = changes.city || new.city
    guard let places = world.city?.places else { return }
    let shown = new.configuration ? Set(places.indices) : new.indicators.union(new.about)
    for index in shown where index < places.count { unshown.insert(places[index].about.id) }
    if new.city { unshown.insert("") }  // the city itself, which has no place's name
  }

  mutating func takeUnshown() -> Set<String> {
    defer { unshown = [] }
    return unshown
  }

  /// A broker that may know nothing: everything is published again.
  mutating func connected(world: borrowing World, configured: Configured) {
    let places = world.city?.places ?? []
    changes.indicators = Set(places.indices)
    changes.about = Set(places.indices)
    changes.city = true
    lastPublished = [:]
    lastCityText = []
    emptied = leftovers.topics
    var json = JSONWriter()
    json.object { json in
      json.member("version", Version.text)
      json.member("settings_digest", configured.digest)
      json.key("places")
      json.array { json in for place in places { json.string(place.about.id) } }
    }
    greeting = [
      (Topics.status(gateway), Array("online".utf8)), (Topics.gatewayAbout(gateway), json.bytes),
    ]
    greeting += HomeAssistantEntity.messages(configured)
  }

  /// Another configuration: topics of places that are gone will be emptied.
  mutating func replaced(old: Configured, new: Configured) {
    leftovers.replaced(old: old, new: new)
    emptied = leftovers.topics
    changes = Changes()  // indices of the old places mean nothing now
    lastPublished = [:]
  }

  mutating func answer(_ result: CommandResult) {
    results.append(result)
    if results.count > 100 { results.removeFirst() }
  }

  /// Publishes what is due.
  mutating func publish(_ world: borrowing World, on link: any GatewayLink, at uptime: Span) {
    guard let zone = world.city?.zone else { return }
    for (topic, payload) in greeting { _ = link.publish(topic, payload, qos: 1, retain: true) }
    greeting = []
    for topic in emptied { _ = link.publish(topic, [], qos: 1, retain: true) }
    emptied = []
    for result in results { _ = link.publish(Topics.commandResult(gateway), result.json(), qos: 1, retain: false) }
    results = []
    for index in changes.about.sorted() {
      guard let place = world.publicPlace(index) else { continue }
      _ = link.publish(Topics.about(place.about.id), place.about.json(zone: zone), qos: 1, retain: true)
      changes.about.remove(index)
    }
    for index in changes.indicators.sorted() {
      guard uptime.milliseconds - lastPublished[index, default: .min / 2] >= Self.interval,
        let place = world.publicPlace(index)
      else { continue }
      _ = link.publish(Topics.place(place.about.id), place.indicators.json(zone: zone), qos: 1, retain: true)
      lastPublished[index] = uptime.milliseconds
      changes.indicators.remove(index)
    }
    publishCity(world, on: link, at: uptime)
  }

  private mutating func publishCity(_ world: borrowing World, on link: any GatewayLink, at uptime: Span) {
    guard changes.city, uptime.milliseconds - lastCity >= Self.interval, let snapshot = world.snapshot(version: 0)
    else { return }
    let text = snapshot.cityJSON()
    changes.city = false
    guard text != lastCityText else { return }
    lastCity = uptime.milliseconds
    lastCityText = text
    _ = link.publish(Topics.city(snapshot.city.id), text, qos: 1, retain: true)
  }

  func goodbye(on link: any GatewayLink) {
    _ = link.publish(Topics.status(gateway), Array("offline".utf8), qos: 1, retain: true)
  }
}
