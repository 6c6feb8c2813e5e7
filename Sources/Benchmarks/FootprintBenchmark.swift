// What the program takes when it is there: memory in the demonstration, processor time when nothing comes.

import Foundation

enum FootprintBenchmark {
  static func run(_ results: inout Results) throws {
    let folder = try Folder()
    let port = try Net.freePort()
    let demo = try Child([
      "TMPDIR=\(folder.path)", ".build/release/tonnelle", "demo", "--port", String(port), "--operator-port",
      String(try Net.freePort()),
    ])
    _ = try wait("the demonstration") { Net.get(port, "/readyz") }
    for _ in 0..<20 {
      _ = Net.get(port, "/", ["Accept: text/html"])
      Thread.sleep(forTimeInterval: 0.5)
    }
    results.add(
      Row(
        name: "resident", unit: "MB in the demo", ours: demo.memory("VmRSS"), peer: 56, peerName: "limit",
        goal: .atMost(1)))
    results.add(
      Row(
        name: "anonymous", unit: "MB in the demo", ours: demo.memory("RssAnon"), peer: 24, peerName: "limit",
        goal: .atMost(1)))
    demo.stop()

    let stage = try Stage()
    let child = try stage.serve(places: 20)
    let before = child.processorTime
    let begun = Date()
    Thread.sleep(forTimeInterval: 20)
    let share = (child.processorTime - before) / Date().timeIntervalSince(begun) * 100
    child.stop()
    results.add(Row(name: "idle", unit: "% of a core", ours: share, peer: 1, peerName: "limit", goal: .atMost(1)))
  }
}
