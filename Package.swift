// swift-tools-version: 6.2
// The rooms of Tonnelle. A folder of Sources is a target is a room; `room` names what it may import.
// `JSONText` and `Quantities` are open to every room but `RingSeries`, which keeps to integers.
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

func room(_ name: String, imports: [String] = []) -> Target {
  let notes = name == "RingSeries" ? ["Format.md"] : []
  let keepsToTheStandardLibrary = ["JSONText", "Quantities", "RingSeries"].contains(name)
  let open = keepsToTheStandardLibrary ? [] : ["JSONText", "Quantities"]
  return .target(
    name: name,
    dependencies: (imports + open).map { .byName(name: $0) }, exclude: notes,
    swiftSettings: strict)
}

func cLibrary(_ name: String, pkgConfig: String, debian: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

/// Tests of a room: everything but the ban on unsafe code, which `#expect` expands to.
let relaxed: [SwiftSetting] = [
  .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
]

func tests(_ room: String, with others: [String] = []) -> Target {
  .testTarget(
    name: room + "Tests", dependencies: ([room] + others).map { .byName(name: $0) },
    exclude: [
      "SensorProtocol": ["vectors"], "JSONText": ["judge.py"], "RingSeries": ["Recordings"], "Core": ["Recordings"],
    ][room] ?? [],
    swiftSettings: relaxed)
}

let program = [
  "Gateway", "PublicEndpoint", "OperatorEndpoint", "Configuration", "Core", "CoolIslands",
  "SensorProtocol", "Publication", "RingSeries", "MQTTLink", "HTTPServer", "Store", "Pages", "Timetables",
  "Reports", "Outlets",
]

let package = Package(
  name: "Tonnelle",
  products: [.executable(name: "tonnelle", targets: ["tonnelle"])],
  dependencies: [],
  targets: [
    .executableTarget(
      name: "tonnelle",
      dependencies: (program + ["JSONText", "Quantities", "CZlib", "CLibc", "CFirmware"]).map { .byName(name: $0) },
      swiftSettings: strict),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Configuration", "Core", "CoolIslands", "Gateway", "JSONText", "MQTTLink", "Publication", "Quantities",
        "RingSeries", "SensorProtocol", "Store",
      ],
      exclude: ["Peers"],
      swiftSettings: [.treatAllWarnings(as: .error)]),

    room(
      "Gateway",
      imports: [
        "Configuration", "Core", "CoolIslands", "SensorProtocol", "RingSeries", "Publication", "MQTTLink", "Store",
      ]),
    room("PublicEndpoint", imports: ["HTTPServer", "Pages", "Publication"]),
    room(
      "OperatorEndpoint",
      imports: [
        "HTTPServer", "Pages", "Store", "CoolIslands", "RingSeries", "Publication", "CCrypt",
      ]),
    room("Outlets", imports: ["Configuration", "Publication", "Store", "CLibc"]),
    room(
      "Reports",
      imports: ["Pages", "Store", "Configuration", "CoolIslands", "SensorProtocol", "RingSeries", "Publication"]),
    room(
      "Configuration", imports: ["Core", "CoolIslands", "Timetables", "SensorProtocol", "RingSeries", "Publication"]),
    room("Core", imports: ["CoolIslands", "SensorProtocol", "RingSeries", "Publication"]),
    room("CoolIslands", imports: ["Timetables", "RingSeries", "SensorProtocol", "Publication"]),
    room("Timetables"),
    room("SensorProtocol"),
    room("Publication"),
    room("RingSeries"),
    room("MQTTLink", imports: ["CMosquitto"]),
    room("HTTPServer", imports: ["CMicroHTTPD", "CZlib"]),
    room("Store", imports: ["CSQLite", "CZlib"]),
    room("Pages"),
    room("JSONText"),
    room("Quantities"),

    tests("Quantities"),
    tests("JSONText", with: ["Quantities", "Dice"]),
    tests("RingSeries", with: ["CZlib", "Dice"]),
    tests("SensorProtocol", with: ["Quantities", "JSONText", "Dice"]),
    tests("Timetables", with: ["Configuration", "JSONText", "Quantities"]),
    tests(
      "CoolIslands",
      with: ["Configuration", "JSONText", "Publication", "Quantities", "RingSeries", "SensorProtocol", "Dice"]),
    tests(
      "Core",
      with: ["Configuration", "CoolIslands", "Publication", "SensorProtocol", "Quantities", "JSONText", "Dice"]),
    tests(
      "Configuration",
      with: ["Core", "RingSeries", "SensorProtocol", "CoolIslands", "Publication", "Quantities", "JSONText"]),
    tests(
      "Gateway",
      with: [
        "Configuration", "Core", "CoolIslands", "MQTTLink", "Publication", "RingSeries", "SensorProtocol", "Store",
        "Quantities", "CSQLite", "CLibc", "Dice",
      ]),
    tests(
      "Reports",
      with: [
        "Configuration", "CoolIslands", "Pages", "Publication", "Quantities", "RingSeries", "SensorProtocol", "Store",
      ]),
    tests("HTTPServer"),
    tests("OperatorEndpoint"),
    tests("Outlets", with: ["Configuration", "JSONText", "Publication", "Quantities", "Store"]),
    .target(name: "Dice", dependencies: ["CZlib"], path: "Tests/Dice", swiftSettings: relaxed),
    .testTarget(name: "HouseTests", swiftSettings: relaxed),

    cLibrary("CMosquitto", pkgConfig: "libmosquitto", debian: "libmosquitto-dev"),
    cLibrary("CSQLite", pkgConfig: "sqlite3", debian: "libsqlite3-dev"),
    cLibrary("CMicroHTTPD", pkgConfig: "libmicrohttpd", debian: "libmicrohttpd-dev"),
    cLibrary("CZlib", pkgConfig: "zlib", debian: "zlib1g-dev"),
    cLibrary("CCrypt", pkgConfig: "libcrypt", debian: "libcrypt-dev"),
    .systemLibrary(name: "CLibc"),
    .systemLibrary(name: "CFirmware"),
  ]
)

// `make fuzz`: libFuzzer needs its instrumentation in every room that it tries; `swift test` must not see the target.
if Context.environment["FUZZ"] != nil {
  let tried = ["Quantities", "JSONText", "SensorProtocol", "Timetables", "CoolIslands", "Core", "Configuration"]
  let instrumented = "-sanitize=fuzzer,address"
  for target in package.targets where tried.contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags([instrumented]))
  }
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: tried.map { .byName(name: $0) }, path: "Tests/Fuzz",
      swiftSettings: [.unsafeFlags(["-parse-as-library", instrumented])],
      linkerSettings: [.unsafeFlags([instrumented])]))
}
