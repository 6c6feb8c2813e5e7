// Rows of the table, and the same as JSON.

import Foundation
import JSONText

/// A comparison.
struct Row {
  var name: String
  var unit: String
  var ours: Double
  var peer: Double
  var peerName: String
  /// The ratio must be at most or at least this.
  var goal: Goal?

  enum Goal {
    case atMost(Double)
    case atLeast(Double)

    var text: String {
      switch self {
      case .atMost(let limit): "<= \(limit)"
      case .atLeast(let limit): ">= \(limit)"
      }
    }

    func isMet(by ratio: Double) -> Bool {
      switch self {
      case .atMost(let limit): ratio <= limit
      case .atLeast(let limit): ratio >= limit
      }
    }
  }

  var ratio: Double { ours / peer }
}

struct Results {
  private var rows: [Row] = []
  var failed = false

  mutating func add(_ row: Row) {
    if rows.isEmpty { print("name                      ours      peer  ratio  goal     met  unit, peer") }
    rows.append(row)
    func pad(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let name = row.name + String(repeating: " ", count: max(0, 25 - row.name.count))
    let goal = row.goal.map { "\(pad($0.text, 7))  \($0.isMet(by: row.ratio) ? "yes" : " no")" } ?? pad("", 12)
    print(
      "\(name)\(pad(Self.number(row.ours), 8))  \(pad(Self.number(row.peer), 8))  \(pad(Self.number(row.ratio), 5))  \(goal)  \(row.unit), \(row.peerName)"
    )
  }

  static func number(_ value: Double) -> String {
    value >= 1000 ? String(format: "%.0f", value) : String(format: value < 0.1 && value > 0 ? "%.4f" : "%.2f", value)
  }

  /// Writes `.build/bench.json`.
  func finish() throws {
    var json = JSONWriter()
    json.array { json in
      for row in rows {
        json.object { json in
          json.member("name", row.name)
          json.member("unit", row.unit)
          json.member("ours", raw: String(row.ours))
          json.member("peer", raw: String(row.peer))
          json.member("peer_name", row.peerName)
          json.member("ratio", raw: String(row.ratio))
          if let goal = row.goal {
            json.member("goal", goal.text)
            json.member("met", goal.isMet(by: row.ratio))
          }
        }
      }
    }
    json.newline()
    try Data(json.bytes).write(to: URL(filePath: ".build/bench.json"))
  }
}

/// The middle one of an odd number of values.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
