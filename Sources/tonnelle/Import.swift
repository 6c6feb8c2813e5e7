// tonnelle import: a register of a city as a file of places, with a report of every row that is doubtful.

internal import Configuration

enum ImportCommand: Command {
  static let name = "import"
  static let summary =
    "Makes places of a register: paris, lyon or osm, GeoJSON files. The report goes to standard error."
  static let operands = "KIND FILE…"
  static let options = [
    OptionSpec(name: "output", value: "FILE", help: "where the places go; standard output if nothing is said"),
    OptionSpec(name: "quiet", value: nil, help: "only the report's sums"),
  ]

  static func run(_ arguments: Arguments) throws(CommandFailure) -> Int32 {
    let kinds = PlacesRegister.allCases.map(\.rawValue).joined(separator: ", ")
    guard let register = arguments.operands.first.flatMap(PlacesRegister.init(rawValue:)) else {
      throw CommandFailure("a KIND is expected: \(kinds)", code: ExitCode.usage)
    }
    let names = arguments.operands.dropFirst()
    guard !names.isEmpty else { throw CommandFailure("a FILE is expected behind the KIND", code: ExitCode.usage) }
    var files: [(name: String, text: [UInt8])] = []
    for name in names { files.append((name, try Files.readAll(name))) }
    let places: ImportedPlaces
    do {
      places = try register.places(in: files)
    } catch {
      throw CommandFailure(error.description)
    }
    if let output = arguments["output"] {
      try Files.replace(output, with: places.geoJSON)
    } else {
      Terminal.print(places.geoJSON)
    }
    if !arguments.has("quiet") { for doubt in places.doubts { Terminal.error("\(doubt)\n") } }
    let sums = ImportDoubt.Kind.allCases.compactMap { kind in
      let count = places.doubts.count { $0.kind == kind }
      return count == 0 ? nil : "\(count) \(kind.rawValue)"
    }
    Terminal.error("\(places.count) places\(sums.isEmpty ? "" : "; " + sums.joined(separator: ", "))\n")
    return ExitCode.done
  }
}
