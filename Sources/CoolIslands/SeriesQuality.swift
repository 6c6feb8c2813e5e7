// How far a series can be believed: QARTOD's flags, the tests behind them and their thresholds.

public import Quantities

/// A flag of QARTOD (US IOOS, Manual for Real-Time Quality Control), as its numbers are.
public enum QualityFlag: Int, Hashable, Sendable, Comparable {
  case pass = 1
  /// Nothing is known for or against it yet.
  case notEvaluated = 2
  /// Used only where nothing better exists, and said.
  case suspect = 3
  /// Never used.
  case fail = 4
  /// There is no fresh reading.
  case missing = 9

  /// Whether `a` is the better one.
  public static func < (a: QualityFlag, b: QualityFlag) -> Bool { a.rawValue < b.rawValue }
}

/// What a series did not pass.
public struct QualityTests: OptionSet, Hashable, Sendable {
  /// One bit a test.
  public let rawValue: UInt8

  /// Some tests.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// It has not moved for hours.
  public static let flatLine = QualityTests(rawValue: 1)
  /// It changed faster than weather does.
  public static let step = QualityTests(rawValue: 2)
  /// A reading of the last hour stood away from both of its neighbours.
  public static let spike = QualityTests(rawValue: 4)
  /// It stands apart from the other sensors of its zone.
  public static let neighbours = QualityTests(rawValue: 8)
  /// It is far above its neighbours from 11 to 16 h and not at night: the sun reaches it.
  public static let siting = QualityTests(rawValue: 16)
  /// Of the people who came in today far more or far fewer have gone out.
  public static let ratio = QualityTests(rawValue: 32)

  /// The names, in a fixed order.
  public var names: [String] {
    let all: [(QualityTests, String)] = [
      (.flatLine, "flat_line"), (.step, "step"), (.spike, "spike"), (.neighbours, "neighbours"), (.siting, "siting"),
      (.ratio, "ratio"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}

/// The worst flag of a series' tests, and which they were.
public struct SeriesQuality: Hashable, Sendable {
  /// The flag.
  public var flag: QualityFlag
  /// What it did not pass.
  public var tests: QualityTests

  /// A quality.
  public init(flag: QualityFlag, tests: QualityTests = []) {
    self.flag = flag
    self.tests = tests
  }

  mutating func note(_ tests: QualityTests, _ flag: QualityFlag) {
    self.tests.formUnion(tests)
    self.flag = max(self.flag, flag)
  }
}

/// Thresholds of the tests.
///
/// The steps are those of WMO-No. 305; everything else is the project's choice and can be set.
public struct QualityLimits: Hashable, Sendable {
  /// Distance from both neighbours at which an air temperature is suspect.
  public var spikeSuspect = MilliCelsius(2000)
  /// Distance from both neighbours at which it fails.
  public var spikeFail = MilliCelsius(5000)
  /// The same of a humidity; it is suspect.
  public var humiditySpike = MilliPercent(15_000)
  /// Neighbours may lie this far apart in time; one is never judged by a reading of another part of the day.
  public var neighbourhood = Span.hours(2)
  /// How long temperature or humidity may stand still before it is suspect.
  public var flatSuspect = Span.hours(3)
  /// How long before it fails.
  public var flatFail = Span.hours(6)
  /// How long a sound level may stand still before it fails.
  public var flatNoise = Span.hours(1)
  /// What counts as standing still, in thousandths of the unit.
  public var flatTolerance: Int64 = 50
  /// From this humidity on standing still is weather.
  public var saturated = MilliPercent(95_000)
  /// Largest changes of air temperature in so many hours, those of WMO's guide 305.
  public static let steps = [(1, 4000), (2, 7000), (3, 9000), (6, 15_000), (12, 25_000)].map {
    (hours: Int64($0.0), change: MilliCelsius(Int64($0.1)))
  }
  /// Distance from the median of a zone with at least three sensors.
  public var neighbours = MilliCelsius(5000)
  /// How far above its zone a badly sited sensor is from 11 to 16 h.
  public var siting = MilliCelsius(3000)
  /// How near its zone it must be at night.
  public var sitingAtNight = MilliCelsius(1500)
  /// Share of the people who came in, in thousandths, that may be missing or too many at the daily reset.
  public var ratio: Int64 = 200
  /// Where these thresholds come from, if somebody said.
  public var source: String?

  /// The defaults.
  public init() {}
}
