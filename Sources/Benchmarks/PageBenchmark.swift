// The list page beside nginx with the same bytes from a file.

import Foundation

enum PageBenchmark {
  static func run(_ results: inout Results) throws {
    let stage = try Stage()
    let child = try stage.serve(places: 50)
    let page = try wait("the page") { Net.get(stage.publicPort, "/", ["Accept: text/html"]) }
    _ = try stage.folder.write("index.html", page)
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
        types { text/html html; }
        server { listen 127.0.0.1:\(port) backlog=4096; root \(stage.folder.path); } }
      """)
    let nginx = try Child(["/usr/sbin/nginx", "-c", config])
    _ = try wait("nginx") { Net.get(port, "/index.html") }
    var ours: [Double] = []
    var theirs: [Double] = []
    for _ in 0..<3 {
      ours.append(try wrk("http://127.0.0.1:\(stage.publicPort)/"))
      theirs.append(try wrk("http://127.0.0.1:\(port)/index.html"))
    }
    nginx.stop()
    child.stop()
    results.add(
      Row(
        name: "list page", unit: "requests a second", ours: median(ours), peer: median(theirs), peerName: "nginx",
        goal: .atLeast(0.9)))
  }

  private static func wrk(_ url: String) throws -> Double {
    let text = try output(of: ["wrk", "-t2", "-c64", "-d4s", "-H", "Accept: text/html", url])
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Requests/sec:") }),
      let rate = line.split(separator: " ").last.flatMap({ Double($0) }), !text.contains("Non-2xx")
    else { throw BenchmarkError(description: "wrk: \(text)") }
    return rate
  }
}
