// Processes, ports and folders of one benchmark; all of them end with it.

import Foundation
import Glibc

struct BenchmarkError: Error, CustomStringConvertible {
  let description: String
}

/// A child process whose processor time is known.
final class Child {
  private let process = Process()

  init(_ words: [String], output: FileHandle = .nullDevice) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { stop() }

  var isRunning: Bool { process.isRunning }

  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  func wait() { process.waitUntilExit() }

  /// User and system time so far, in seconds: fields 14 and 15 of /proc/PID/stat (proc(5)).
  var processorTime: Double {
    guard let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return 0 }
    let fields = text[text.index(after: end)...].split(separator: " ")
    return (Double(fields[11]) ?? 0) / 100 + (Double(fields[12]) ?? 0) / 100
  }

  /// A line of /proc/PID/status in megabytes.
  func memory(_ key: String) -> Double {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") } ?? ""
    return
      (Double(line.split(separator: " ").dropFirst().first ?? "") ?? Double(
        line.split(whereSeparator: { !$0.isNumber }).first ?? "0") ?? 0) / 1000
  }
}

/// What a program prints; it must end well.
func output(of words: [String], withErrors: Bool = false) throws -> String {
  let pipe = Pipe()
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = words
  process.standardOutput = pipe
  process.standardError = withErrors ? pipe : FileHandle.nullDevice
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    throw BenchmarkError(description: "\(words.joined(separator: " ")) failed")
  }
  return text
}

/// Processor time of all children that have ended and were waited for, in seconds.
func endedChildrenTime() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// A folder of its own, gone with its owner.
final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "tonnelle-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    return "\(path)/\(name)"
  }
}

enum Net {
  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard code == 0 else { throw BenchmarkError(description: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  static func get(_ port: Int, _ path: String, _ headers: [String] = []) -> String? {
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/curl")
    process.arguments =
      ["-sf", "--max-time", "5"] + headers.flatMap { ["-H", $0] } + ["http://127.0.0.1:\(port)\(path)"]
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}

/// Asks until the answer is not nil.
func wait<Value>(_ what: String, seconds: Double = 30, every interval: Double = 0.02, _ condition: () throws -> Value?)
  throws -> Value
{
  let end = Date().addingTimeInterval(seconds)
  while Date() < end {
    if let value = try condition() { return value }
    Thread.sleep(forTimeInterval: interval)
  }
  throw BenchmarkError(description: "waited in vain for \(what)")
}

/// A mosquitto and a `tonnelle serve` in one folder.
final class Stage {
  let folder: Folder
  let brokerPort: Int
  let broker: Child
  private(set) var publicPort = 0
  private(set) var operatorsPort = 0

  init() throws {
    folder = try Folder()
    brokerPort = try Net.freePort()
    let file = try folder.write(
      "mosquitto.conf",
      "listener \(brokerPort) 127.0.0.1\nallow_anonymous true\nmax_queued_messages 1000000\nlog_dest none\n")
    broker = try Child(["/usr/sbin/mosquitto", "-c", file])
    let port = brokerPort
    _ = try wait("the broker") { connects(port) ? true : nil }
  }

  /// Starts a gateway with so many places of two sensors each, and waits until it is subscribed.
  func serve(places: Int, stations: Int = 0, publicPort more: String = "") throws -> Child {
    publicPort = try Net.freePort()
    operatorsPort = try Net.freePort()
    let settings = try folder.writeSettings(
      places: places, stations: stations,
      more: """
        "broker":{"port":\(brokerPort),"receive_maximum":2000},"public":{"port":\(publicPort),\(more)},"operators":{"port":\(operatorsPort)},
        """)
    let child = try Child([".build/release/tonnelle", "serve", "--config", settings])
    _ = try wait("the gateway") { ledger("broker_connected") == 1 ? true : nil }
    _ = try wait("the first snapshot") { Net.get(publicPort, "/readyz") }
    return child
  }

  var token: String {
    ((try? String(contentsOfFile: folder.path + "/data/operators.token", encoding: .utf8)) ?? "").trimmingCharacters(
      in: .newlines)
  }

  /// A value of the gateway's metrics, by the end of its name or its label.
  func ledger(_ key: String) -> Double? {
    guard let text = Net.get(operatorsPort, "/metrics", ["Authorization: Bearer \(token)"]) else { return nil }
    let line = text.split(separator: "\n").first { !$0.hasPrefix("#") && $0.contains(key) }
    return line?.split(separator: " ").last.flatMap { Double($0) }
  }
}

extension Folder {
  /// Settings of so many places of two sensors each, and of stations without a place; no sensor is limited.
  func writeSettings(places: Int, stations: Int = 0, more: String = "") throws -> String {
    let features = (0..<places).map {
      #"{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"p\#($0)","name":"Place \#($0)","kind":"park","opening_hours":"Mo-Su 06:00-23:00"}}"#
    }
    _ = try write(
      "places.geojson", #"{"type":"FeatureCollection","features":[\#(features.joined(separator: ","))]}"#)
    let sensors =
      (0..<places * 2).map {
        #"{"id":"s\#($0)","place":"p\#($0 / 2)","fields":["temperature","humidity"],"period_s":60}"#
      } + (0..<stations).map { #"{"id":"st\#($0)","station":"st\#($0)","fields":["temperature"],"period_s":60}"# }
    return try write(
      "settings.json",
      """
      {"gateway":"bench","data":"data","places":"places.geojson","city":{"id":"c","name":"C","time_zone":"Europe/Paris"},\(more)
      "limits":{"messages_per_second":1000000,"messages_at_once":10000000},
      "sensors":[\(sensors.joined(separator: ","))]}
      """)
  }
}

func connects(_ port: Int) -> Bool {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}
