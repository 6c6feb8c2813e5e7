// How the gateway is doing, as JSON: what `tonnelle status` prints and a supervisor reads.

internal import CoolIslands
internal import JSONText
internal import Quantities

enum StatusDocuments {
  /// The account of every reading: all together, and source by source.
  static func ledger(_ ledger: Ledger) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      for (name, count) in ledger.named { json.member(name, count) }
      json.member("balanced", ledger.isBalanced)
      json.key("sources")
      json.object { json in
        for source in ledger.sensors {
          json.key(source.id)
          write(source.account, to: &json)
        }
      }
      json.key("others")
      write(ledger.others, to: &json)
    }
    return json.bytes
  }

  private static func write(_ account: Account, to json: inout JSONWriter) {
    json.object { json in for (name, count) in account.named where count > 0 { json.member(name, count) } }
  }

  /// Who speaks and stands in no setting, who spoke last first.
  static func unknown(_ facts: OperatorsFacts) -> [UInt8] {
    let zone = facts.view.zone
    var json = JSONWriter()
    json.array { json in
      for row in facts.strangers.newest {
        json.object { json in
          json.member("identity", row.stranger.identity)
          json.member("decoder", row.stranger.family)
          json.member("messages", row.count)
          json.member("first", zone.text(row.first))
          json.member("last", zone.text(row.last))
          json.member("settings", row.stranger.settingsLine)
        }
      }
    }
    return json.bytes
  }

  static func status(_ facts: OperatorsFacts) -> [UInt8] {
    let places = facts.view.places
    var json = JSONWriter()
    json.object { json in
      json.member("at", facts.view.zone.text(facts.view.at))
      json.member("city", facts.view.cityName)
      json.member("broker_connected", facts.brokerConnected)
      json.member(ifPresent: "broker_reason", facts.brokerReason)
      json.key("refused_filters")
      json.array { json in for filter in facts.refusedFilters { json.string(filter) } }
      json.member("store_working", facts.storeReason == nil)
      json.member(ifPresent: "store_reason", facts.storeReason)
      json.member("journal_position", facts.position)
      json.member("checkpoint", facts.checkpoint.number)
      json.member("checkpoint_first", facts.checkpoint.first)
      json.member("places", places.count)
      json.member("places_ready", places.count(where: \.isReady))
      json.key("sensors")
      json.array { json in
        for sensor in places.flatMap(\.sensors) + facts.view.stations {
          json.object { json in
            json.member("id", sensor.id)
            json.member("alive", sensor.isAlive)
            json.member(ifPresent: "last", sensor.lastObserved.map(facts.view.zone.text))
            json.member("readings", sensor.readings)
          }
        }
      }
    }
    return json.bytes
  }
}
