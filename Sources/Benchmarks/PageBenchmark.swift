// The list of 300 places, as a page and as GeoJSON, beside nginx with the same bytes from a file.

import Foundation

enum PageBenchmark {
  static func run(_ results: inout Results) throws {
    let stage = try Stage()
    let child = try stage.serve(places: 300, publicPort: #""connections_per_address":6000"#)
    let geoJSON = "/collections/cool-spots/items"
    let page = try wait("the page") { Net.get(stage.publicPort, "/", ["Accept: text/html"]) }
    _ = try stage.folder.write("page.html", page)
    _ = try stage.folder.write(
      "places.geojson", try wait("the places") { Net.get(stage.publicPort, geoJSON, ["Accept: application/geo+json"]) })
    let port = try Net.freePort()
    for name in ["body", "proxy", "fastcgi", "uwsgi", "scgi"] {
      try FileManager.default.createDirectory(atPath: "\(stage.folder.path)/\(name)", withIntermediateDirectories: true)
    }
    let temporary = [
      "client_body_temp_path body", "proxy_temp_path proxy", "fastcgi_temp_path fastcgi", "uwsgi_temp_path uwsgi",
      "scgi_temp_path scgi",
    ]
    .map { text in
      let words = text.split(separator: " ")
      return "\(words[0]) \(stage.folder.path)/\(words[1]);"
    }.joined(separator: "\n")
    let config = try stage.folder.write(
      "nginx.conf",
      """
      daemon off; pid \(stage.folder.path)/pid; error_log stderr; user root; worker_processes 2;
      events { worker_connections 4096; }
      http { access_log off; keepalive_requests 1000000; \(temporary)
        types { text/html html; application/geo+json geojson; }
        server { listen 127.0.0.1:\(port) backlog=4096; root \(stage.folder.path); } }
      """)
    let nginx = try Child(["/usr/sbin/nginx", "-c", config])
    _ = try wait("nginx") { Net.get(port, "/page.html") }
    for (name, ours, theirs, accept) in [
      ("list page", "/", "/page.html", "text/html"),
      ("list geojson", geoJSON, "/places.geojson", "application/geo+json"),
    ] {
      for connections in [64, 512] {
        var (own, other): ([Load], [Load]) = ([], [])
        for _ in 0..<3 {
          own.append(try wrk("http://127.0.0.1:\(stage.publicPort)\(ours)", accept, connections))
          other.append(try wrk("http://127.0.0.1:\(port)\(theirs)", accept, connections))
        }
        results.add(
          Row(
            name: "\(name) \(connections)", unit: "requests a second", ours: median(own.map(\.rate)),
            peer: median(other.map(\.rate)), peerName: "nginx", goal: .atLeast(0.9)))
        results.add(
          Row(
            name: "\(name) \(connections) p99", unit: "ms", ours: median(own.map(\.p99)),
            peer: median(other.map(\.p99)), peerName: "nginx", goal: .atMost(1.5)))
      }
    }
    nginx.stop()
    child.stop()
    try large(&results)
  }

  /// The first page of a list of 10,000 places, made anew each time: every address is one that nobody asked for before.
  private static func large(_ results: inout Results) throws {
    let stage = try Stage()
    let child = try stage.serve(places: 10_000)
    _ = try wait("the page") { Net.get(stage.publicPort, "/", ["Accept: text/html"]) }
    var times: [Double] = []
    for number in 0..<21 {
      let begun = Date()
      guard Net.get(stage.publicPort, "/?near=4.8\(100 + number),45.75", ["Accept: text/html"]) != nil else {
        throw BenchmarkError(description: "no page of 10,000 places")
      }
      times.append(Date().timeIntervalSince(begun) * 1000)
    }
    child.stop()
    results.add(
      Row(
        name: "page of 10,000", unit: "ms, places sorted by distance, curl's start included", ours: median(times),
        peer: 100, peerName: "limit", goal: .atMost(1)))
  }

  private struct Load {
    /// Requests a second.
    var rate: Double
    /// Milliseconds that 99 of 100 took at most.
    var p99: Double
  }

  private static func wrk(_ url: String, _ accept: String, _ connections: Int) throws -> Load {
    let text = try output(of: ["wrk", "-t2", "-c\(connections)", "-d4s", "--latency", "-H", "Accept: \(accept)", url])
    func last(_ mark: String) -> Substring? {
      text.split(separator: "\n").first { $0.drop { $0 == " " }.hasPrefix(mark) }?.split(separator: " ").last
    }
    guard let rate = last("Requests/sec:").flatMap({ Double($0) }), let p99 = last("99%").flatMap(milliseconds),
      !text.contains("Non-2xx")
    else { throw BenchmarkError(description: "wrk: \(text)") }
    return Load(rate: rate, p99: p99)
  }

  /// `4.60ms`, `812.00us` or `1.02s`.
  private static func milliseconds(_ text: Substring) -> Double? {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let scale = ["us": 0.001, "ms": 1, "s": 1000][String(text.dropFirst(number.count))]
    return Double(number).flatMap { number in scale.map { number * $0 } }
  }
}
