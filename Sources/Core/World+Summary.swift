// What `tonnelle replay` prints: the world at its end, and each effect as a line.

internal import CoolIslands
public import JSONText
internal import Publication
public import Quantities

extension World {
  /// What the world knows, as JSON in a fixed order.
  ///
  /// - Parameter withInstants: whether moments are told; runs that saw the same messages at other times differ in
  ///   nothing else.
  /// - Returns: one JSON object.
  public func summary(withInstants: Bool = true) -> [UInt8] {
    let view = withState { $0.operatorsView(at: now) }
    return OperatorsView.summary(view, ledger, at: now, withInstants: withInstants)
  }
}

extension Effect {
  /// The effect as a line of JSON, newline included: what `tonnelle replay` prints.
  ///
  /// What is for the history alone has none.
  public func write(to json: inout JSONWriter, zone: CivilZone) {
    switch self {
    case .history, .coverage: return
    case .transition, .heat, .command: break
    }
    json.object { json in
      switch self {
      case .history, .coverage: break
      case .transition(let transition):
        json.member("at", zone.text(transition.at))
        json.member("place", transition.place)
        json.member("indicator", transition.indicator.rawValue)
        json.member("from", transition.from)
        json.member("to", transition.to)
        if !transition.reasons.isEmpty {
          json.key("reasons")
          json.array { json in for reason in transition.reasons { json.string(reason.rawValue) } }
        }
      case .heat(let at, let from, let to):
        json.member("at", zone.text(at))
        json.member("indicator", "heat")
        json.member("from", from.map(String.init) ?? "unknown")
        json.member("to", to.map(String.init) ?? "unknown")
      case .command(let result):
        json.member("at", zone.text(result.at))
        json.member("command", result.topic)
        json.member("accepted", result.refusal == nil)
        json.member(ifPresent: "refused_because", result.refusal)
      }
    }
    json.newline()
  }
}
