// The house itself: which room imports which, and habits of the repository.

import Foundation
import Testing

@Suite("The house") struct HouseTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func imports(of room: String) throws -> Set<String> {
    let folder = root.appending(path: "Sources/\(room)")
    var imports: Set<String> = []
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !line.hasPrefix(" ") {
        let words = line.split(separator: " ")
        if let mark = words.firstIndex(of: "import"), mark <= 1, mark + 1 < words.count {
          imports.insert(String(words[mark + 1]))
        }
      }
    }
    return imports
  }

  /// What each room may import of the others; JSONText and Quantities are open to all but RingSeries and JSONText.
  static let rooms: [(name: String, imports: Set<String>)] = [
    ("JSONText", []), ("Quantities", ["Glibc"]), ("RingSeries", []), ("SensorProtocol", []), ("Publication", ["Glibc"]),
    ("Pages", []),
    ("Timetables", ["Glibc"]),
    ("CoolIslands", ["Timetables", "RingSeries", "SensorProtocol", "Publication", "Glibc"]),
    ("Core", ["CoolIslands", "SensorProtocol", "RingSeries", "Publication"]),
    (
      "Configuration",
      ["Core", "CoolIslands", "Timetables", "SensorProtocol", "RingSeries", "Publication", "FoundationEssentials"]
    ),
    ("MQTTLink", ["CMosquitto", "Glibc", "Synchronization"]),
    ("HTTPServer", ["CMicroHTTPD", "CZlib", "Glibc", "Synchronization"]),
    ("Store", ["CSQLite", "CZlib", "Glibc"]),
    ("PublicEndpoint", ["HTTPServer", "Pages", "Publication", "Synchronization"]),
    (
      "Outlets",
      [
        "Configuration", "Publication", "Store", "CLibc", "Dispatch", "Foundation", "FoundationNetworking", "Glibc",
        "Synchronization",
      ]
    ),
    (
      "OperatorEndpoint",
      [
        "HTTPServer", "Pages", "Store", "CoolIslands", "RingSeries", "Publication", "CCrypt", "Glibc",
        "Synchronization",
      ]
    ),
    (
      "Reports",
      ["Pages", "Store", "Configuration", "CoolIslands", "SensorProtocol", "RingSeries", "Publication"]
    ),
    (
      "Gateway",
      [
        "Configuration", "Core", "CoolIslands", "SensorProtocol", "RingSeries", "Publication", "MQTTLink", "Store",
        "Dispatch", "Glibc", "Synchronization",
      ]
    ),
  ]

  @Test("a room imports what it may, and no more", arguments: rooms)
  func imports(_ room: (name: String, imports: Set<String>)) throws {
    let open: Set<String> =
      ["JSONText", "Quantities", "RingSeries"].contains(room.name) ? [] : ["JSONText", "Quantities"]
    let extra = try Self.imports(of: room.name).subtracting(room.imports).subtracting(open)
    #expect(extra.isEmpty, "\(room.name) imports \(extra.sorted())")
  }

  @Test("the public rooms cannot see the domain: not by import, not in Package.swift") func publicRooms() throws {
    let package = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
    let line = try #require(package.split(separator: "\n").first { $0.contains("room(\"PublicEndpoint\"") })
    for hidden in ["CoolIslands", "Core", "SensorProtocol", "RingSeries", "Store", "Gateway", "Configuration"] {
      #expect(!line.contains("\"\(hidden)\""))
      for room in ["PublicEndpoint", "Publication", "Pages", "HTTPServer"] {
        #expect(try !Self.imports(of: room).contains(hidden))
      }
    }
    #expect(package.contains("dependencies: [],"))
  }

  @Test("every file says in its first line what it is for, and none has left-over notes") func habits() throws {
    let enumerator = FileManager.default.enumerator(
      at: Self.root.appending(path: "Sources"), includingPropertiesForKeys: nil)
    var files = 0
    while let file = enumerator?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      files += 1
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.hasPrefix("// ") && text.utf8.count < 40_000, "\(file.lastPathComponent)")
      for note in ["TO" + "DO", "FIX" + "ME"] { #expect(!text.contains(note), "\(file.lastPathComponent)") }
    }
    #expect(files > 60)
  }

  @Test("each mutation that the simulation must catch still has its place in the program") func mutations() throws {
    func text(_ path: String) throws -> String {
      try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }
    let blocks = try text("Tests/Mutants/mutations.txt").components(separatedBy: "\n=== ").dropFirst()
    #expect(blocks.count >= 12)
    for block in blocks {
      let lines = block.components(separatedBy: "\n")
      let change = block.components(separatedBy: "\n<<<\n").dropFirst().joined().components(separatedBy: "\n>>>\n")
      #expect(lines.count > 4 && change.count == 2, "\(lines[0])")
      let places = try text(lines[2]).components(separatedBy: change[0]).count - 1
      #expect(places == 1, "what \(lines[0]) changes stands \(places) times in \(lines[2])")
    }
  }
}
