// Changes as they happen: server-sent events, for all places or for some.

internal import HTTPServer
internal import Publication
internal import Quantities
internal import Synchronization

extension PublicSite {
  /// Places that a stream may choose.
  private static let mostSubjects = 500

  /// A stream: when to come back, the time and the state of what is asked for, then each change.
  ///
  /// A client that names its last event gets what followed, as long as that is kept, and the state otherwise.
  ///
  /// - Parameters:
  ///   - request: what was asked for.
  ///   - place: where the events stood before the snapshot was taken.
  ///   - snapshot: the state.
  /// - Returns: the stream.
  /// - Throws: ``Problem`` for what is not known.
  func eventReply(
    _ request: Request, _ place: EventBroadcaster.Place, _ snapshot: PublicSnapshot
  ) throws(Problem) -> Reply {
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
        let inside = snapshot.places.filter { box.intersects($0.about.shape) }.map(\.about.id)
        subjects = Set(inside).union(subjects ?? [])
      default:
        guard ["true", "false"].contains(value) else { throw Problem(400, "Bad request", "state is true or false") }
        wantsState = value == "true"
      }
    }
    // Each such stream has a state of its own: who wants more gets all, which is one for everybody.
    guard subjects?.count ?? 0 <= Self.mostSubjects else {
      throw Problem(
        400, "Bad request",
        "\(subjects?.count ?? 0) places are asked for: ask for at most \(Self.mostSubjects), or for all")
    }
    // Not all at the same moment, when all have lost their streams at the same moment.
    let retry = Array("retry: \(Int.random(in: 3000...8000))\n\n".utf8)
    var opening = retry
    if !place.isContinued {
      opening += EventBroadcaster.encode(event: "now", data: Self.now(snapshot.at, snapshot.city.zone))
      if wantsState { opening = subjects == nil ? wholeState(opening, snapshot) : opening + state(subjects, snapshot) }
    }
    return .events(EventSubscription(events, subjects: subjects, at: place, opening: opening))
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
