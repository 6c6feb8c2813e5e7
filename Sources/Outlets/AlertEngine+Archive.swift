// What the engine must remember across a start: alerts that are raised, and which places were cool.
//
// What is only on its way to be raised begins again: nobody knows what happened while the gateway was off.

internal import Configuration
internal import JSONText
internal import Quantities

extension AlertEngine {
  /// The state as JSON, the same bytes for the same state.
  public var archive: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("raised")
      json.array { json in
        for rule in AlertRule.allCases {
          for (id, watch) in (watches[rule] ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let raised = watch.raised else { continue }
            json.object { json in
              json.member("rule", rule.rawValue)
              json.member("id", id)
              json.member("name", watch.name)
              json.member("since", watch.since.milliseconds)
              json.member("raised", raised.milliseconds)
              json.member("told", watch.isTold)
              if let cleared = watch.cleared { json.member("cleared", cleared.milliseconds) }
            }
          }
        }
      }
      json.key("cool")
      json.array { json in
        for (id, hour) in lastCool.sorted(by: { $0.key < $1.key }) {
          json.object { json in
            json.member("id", id)
            json.member("at", hour.milliseconds)
          }
        }
      }
    }
    return json.bytes
  }

  /// Takes in a state; what cannot be read of it is left out.
  public mutating func restore(_ archive: [UInt8]) {
    guard let document = try? JSONDocument(archive) else { return }
    func instant(_ value: JSONValue?) -> Instant? { value?.integer.map { Instant(milliseconds: Int64($0)) } }
    if let raised = document.root["raised"] {
      for row in raised.elements {
        guard let rule = row["rule"]?.string.flatMap(AlertRule.init(rawValue:)), let id = row["id"]?.string,
          let name = row["name"]?.string, let since = instant(row["since"]), let at = instant(row["raised"])
        else { continue }
        var watch = Watch(name: name, since: since, seen: at)
        watch.raised = at
        watch.isTold = row["told"]?.bool ?? false
        watch.cleared = instant(row["cleared"])
        watches[rule, default: [:]][id] = watch
      }
    }
    if let cool = document.root["cool"] {
      for row in cool.elements {
        if let id = row["id"]?.string, let at = instant(row["at"]) { lastCool[id] = at }
      }
    }
  }
}
