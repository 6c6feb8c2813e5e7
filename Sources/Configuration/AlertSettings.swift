// What people are told without having looked: rules with their numbers, receivers, quiet hours.

public import Quantities

/// What may raise an alert.
public enum AlertRule: String, CaseIterable, Hashable, Sendable {
  /// A sensor is silent for longer than its patience.
  case sensorSilent = "sensor_silent"
  /// The heat level reached a level.
  case heatLevel = "heat_level"
  /// An open place is full.
  case placeFull = "place_full"
  /// An open place that was cool is so no more, while the heat level is high.
  case placeHot = "place_hot"
  /// The loop does not turn, or a start would have to read very much.
  case gatewayBehind = "gateway_behind"
  /// The disk of the data folder is nearly full.
  case diskLow = "disk_low"
  /// The broker is away.
  case brokerLost = "broker_lost"
  /// Nothing can be stored.
  case storingFails = "storing_fails"

  /// Whether it waits for the end of quiet hours: neither heat nor the gateway's own faults do.
  public var canWait: Bool {
    switch self {
    case .sensorSilent, .placeFull, .placeHot: true
    case .heatLevel, .gatewayBehind, .diskLow, .brokerLost, .storingFails: false
    }
  }

  /// What holds where the settings say nothing.
  public var defaults: Settings.Alerts.Rule {
    func rule(after: Int64, clear: Int64, _ limits: Int64...) -> Settings.Alerts.Rule {
      .init(after: .minutes(after), clearAfter: .minutes(clear), limits: limits)
    }
    switch self {
    case .sensorSilent: return rule(after: 30, clear: 5)
    case .heatLevel: return rule(after: 0, clear: 10, 3)
    case .placeFull: return rule(after: 15, clear: 10)
    case .placeHot: return rule(after: 20, clear: 20, 3)
    case .gatewayBehind: return rule(after: 1, clear: 5, 10, 2_000_000)
    case .diskLow: return rule(after: 1, clear: 10, 512)
    case .brokerLost: return rule(after: 5, clear: 2)
    case .storingFails: return rule(after: 1, clear: 2)
    }
  }

  /// The keys of its limits in the settings and what they may be, in the order of ``Settings/Alerts/Rule/limits``.
  var limits: [(key: String, range: ClosedRange<Int>)] {
    switch self {
    case .heatLevel, .placeHot: [("level", 2...4)]
    case .gatewayBehind: [("late_s", 2...600), ("journal_entries", 600_000...100_000_000)]
    case .diskLow: [("free_mib", 16...1_048_576)]
    case .sensorSilent, .placeFull, .brokerLost, .storingFails: []
    }
  }
}

extension Settings {
  /// Who is told of what.
  public struct Alerts: Hashable, Sendable {
    /// Who is told.
    public var receivers: [Receiver] = []
    /// The rules that are switched on.
    public var rules: [AlertRule: Rule] = .init(uniqueKeysWithValues: AlertRule.allCases.map { ($0, $0.defaults) })
    /// When what can wait is kept until morning.
    public var quietHours: QuietHours?
    /// How long after the first alert of a rule others are gathered into its message; with zero each has its own.
    public var group = Span.seconds(30)
    /// Undelivered messages that are kept for a receiver; of more, the oldest go.
    public var keep = 1000
    /// The language of mail, `fr` or `en`; what programs receive has both.
    public var language = "fr"

    /// Everything switched on, and nobody to be told.
    public init() {}

    /// The numbers of a rule.
    public struct Rule: Hashable, Sendable {
      /// How long it must hold until somebody is told.
      public var after: Span
      /// How long it must be over until that is told.
      public var clearAfter: Span
      /// What else the rule compares with: a level; seconds and entries; mebibytes.
      public var limits: [Int64]

      /// Numbers.
      public init(after: Span, clearAfter: Span, limits: [Int64] = []) {
        self.after = after
        self.clearAfter = clearAfter
        self.limits = limits
      }
    }

    /// A part of each day in local time, which may pass midnight.
    public struct QuietHours: Hashable, Sendable {
      /// The minute of the day at which they begin.
      public var from: Int
      /// The minute of the day at which they end.
      public var to: Int

      /// Quiet hours.
      public init(from: Int, to: Int) {
        self.from = from
        self.to = to
      }

      /// Whether a minute of the day lies in them.
      public func contains(_ minute: Int) -> Bool {
        from <= to ? from <= minute && minute < to : minute >= from || minute < to
      }

      /// Hours such as `22:00-07:00`; nil for anything else.
      init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end -> Int? in
          let parts = end.split(separator: ":", omittingEmptySubsequences: false)
          guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = UInt8(parts[0]),
            let minute = UInt8(parts[1]), hour < 24, minute < 60
          else { return nil }
          return Int(hour) * 60 + Int(minute)
        }
        guard ends.count == 2, let from = ends[0], let to = ends[1], from != to else { return nil }
        self.init(from: from, to: to)
      }
    }

    /// Somebody who is told.
    public struct Receiver: Hashable, Sendable {
      /// The identifier; what waits in the outbox waits under it.
      public var id: String
      /// The way.
      public var way: Way

      /// How a receiver is reached.
      public enum Way: Hashable, Sendable {
        /// A JSON text is posted to an address, with the token of a file if one is named.
        case webhook(url: String, tokenFile: String?)
        /// A message on the gateway's topic of alerts.
        case mqtt
        /// A program that takes a mail on its standard input: its name and arguments.
        case mail(address: String, command: [String])
      }

      /// A receiver.
      public init(id: String, way: Way) {
        self.id = id
        self.way = way
      }
    }
  }
}
