// Changes as they happen: server-sent events, for all places or for some.

internal import HTTPServer
internal import Publication
internal import Quantities
internal import Synchronization

extension PublicSite {
  /// A stream: when to come back, the time and the state of what is asked for, then each change.
  ///
  /// A client that names its last event gets what followed, as long as that is kept, and the state otherwise.
  func eventReply(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(["place", "bbox", "state"], query)
    var subjects: Set<String>?
    var wantsState = true
    for (name, value) in query {
      switch name {
      case "place":
        let ids = value.split(separator: ",").map(String.init)
        for id in ids where snapshot.place(id) == nil {
          throw Problem(404, "Not found", "there is no place \"\(id)\"")
        }
        subjects = (subjects ?? []).union(ids)
      case "bbox":
        let box = try FeatureQuery.box(value)
        let inside = snapshot.places.lazy.filter { box.intersects($0.about.shape) }.map(\.about.id)
        subjects = Set(inside).union(subjects ?? [])
      default:
        guard ["true", "false"].contains(value) else { throw Problem(400, "Bad request", "state is true or false") }
        wantsState = value == "true"
      }
    }
    let lastEvent = request.header("Last-Event-ID")
    var opening = Array("retry: 5000\n\n".utf8)
    if !events.remembers(lastEvent) {
      opening += EventBroadcaster.encode(event: "now", data: Self.now(snapshot.at, snapshot.city.zone))
      if wantsState { opening = subjects == nil ? wholeState(opening, snapshot) : opening + state(subjects, snapshot) }
    }
    return .events(EventSubscription(events, subjects: subjects, lastEvent: lastEvent, opening: opening))
  }

  /// The state of all places: made once, since thousands may ask for it at the same moment.
  private func wholeState(_ beginning: [UInt8], _ snapshot: PublicSnapshot) -> [UInt8] {
    if let known = opening.withLock({ $0 }), known.version == snapshot.version { return known.bytes }
    let made = beginning + state(nil, snapshot)
    opening.withLock { $0 = (snapshot.version, made) }
    return made
  }

  private func state(_ subjects: Set<String>?, _ snapshot: PublicSnapshot) -> [UInt8] {
    var bytes = EventBroadcaster.encode(event: "city", data: snapshot.cityJSON())
    for place in snapshot.places where subjects?.contains(place.about.id) ?? true {
      bytes += EventBroadcaster.encode(event: "place", data: place.eventJSON(zone: snapshot.city.zone))
    }
    return bytes
  }
}
