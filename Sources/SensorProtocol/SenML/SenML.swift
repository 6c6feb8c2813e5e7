// SenML packs (RFC 8428) in JSON: resolution of base values, record by record.

public import JSONText
public import Quantities

/// One record with all base values applied (RFC 8428 §4.6).
public struct SenMLRecord: Hashable, Sendable {
  /// What a record says.
  public enum Value: Hashable, Sendable {
    /// `v`.
    case number(ExactDecimal)
    /// `vb`.
    case boolean(Bool)
    /// `vs`.
    case text(String)
    /// `vd`, base64url without padding.
    case data(String)
    /// Only a sum.
    case none
  }

  /// Full name, base name included, as ASCII.
  public var name: ArraySlice<UInt8>
  /// Unit, if any, as UTF-8.
  public var unit: ArraySlice<UInt8>?
  /// The value.
  public var value: Value
  /// Sum over time, if any.
  public var sum: ExactDecimal?
  /// When.
  public var time: Instant
  /// Whether the record gave a time of its own, absolute or relative.
  public var hasOwnTime: Bool
  /// Next reading within so many seconds.
  public var updateTime: ExactDecimal?
}

/// A resolved pack.
public struct SenMLPack: Hashable, Sendable {
  /// Records a pack may hold.
  public static let maximumRecords = 1000
  /// Bytes a name may have.
  public static let maximumName = 256
  /// Times below this many seconds are relative to now (RFC 8428 §4.5.3).
  static let relativeTimeLimit = ExactDecimal(1 << 28)

  /// Good records in the order sent.
  public var records: [SenMLRecord] = []
  /// One entry for each record that was refused.
  public var refusals: [Refusal] = []

  /// Reads and resolves a pack.
  ///
  /// - Parameters:
  ///   - payload: SenML JSON.
  ///   - arrival: the moment that relative times count from.
  /// - Throws: ``Refusal`` for the pack as a whole: syntax, version, must-understand labels, limits.
  public init(json payload: [UInt8], arrival: Instant) throws(Refusal) {
    try Self.read(payload, arrival: arrival) { outcome in
      switch outcome {
      case .success(let record): records.append(record)
      case .failure(let refusal): refusals.append(refusal)
      }
    }
  }

  /// Resolves a pack record by record, without keeping them.
  static func read(
    _ payload: [UInt8], arrival: Instant, _ body: (Result<SenMLRecord, Refusal>) -> Void
  ) throws(Refusal) {
    let document: JSONDocument
    do {
      document = try JSONDocument(payload, options: .init(maximumDepth: 16))
    } catch {
      throw Refusal(error)
    }
    guard document.root.kind == .array else { throw .notAPack }
    var base = Base()
    var count = 0
    for element in document.root.elements {
      count += 1
      guard count <= maximumRecords else { throw .tooManyRecords }
      do {
        if let record = try base.resolve(element, arrival: arrival) { body(.success(record)) }
      } catch {
        if error == .versionTooNew || error == .mustUnderstand { throw error }
        body(.failure(error))
      }
    }
  }

  /// The values that stay from record to record.
  private struct Base {
    var name: ArraySlice<UInt8> = []
    var time: ExactDecimal?
    var unit: ArraySlice<UInt8>?
    var value: ExactDecimal?
    var sum: ExactDecimal?

    mutating func resolve(_ element: JSONValue, arrival: Instant) throws(Refusal) -> SenMLRecord? {
      guard element.kind == .object else { throw .recordMalformed }
      var name: ArraySlice<UInt8>?
      var unit: ArraySlice<UInt8>?
      var value = SenMLRecord.Value.none
      var valueCount = 0
      var sum: ExactDecimal?
      var time: ExactDecimal?
      var updateTime: ExactDecimal?
      var fault: Refusal?  // a bad label spoils its record, but the base values beside it still hold
      for member in element.members {
        do throws(Refusal) {
          switch Label(member.rawKey) {
          case .bn: self.name = try member.value.senMLText()
          case .bt: self.time = try member.value.senMLNumber()
          case .bu: self.unit = try member.value.senMLText()
          case .bv: self.value = try member.value.senMLNumber()
          case .bs: self.sum = try member.value.senMLNumber()
          case .bver: try Self.check(version: member.value)
          case .n: name = try member.value.senMLText()
          case .u: unit = try member.value.senMLText()
          case .v:
            value = .number(try member.value.senMLNumber())
            valueCount += 1
          case .vs:
            value = .text(String(decoding: try member.value.senMLText(), as: UTF8.self))
            valueCount += 1
          case .vb:
            guard let flag = member.value.bool else { throw .valueNotANumber }
            value = .boolean(flag)
            valueCount += 1
          case .vd:
            value = .data(String(decoding: try member.value.senMLText(), as: UTF8.self))
            valueCount += 1
          case .s: sum = try member.value.senMLNumber()
          case .t: time = try member.value.senMLNumber()
          case .ut: updateTime = try member.value.senMLNumber()
          case .other:
            if member.key.hasSuffix("_") { throw .mustUnderstand }
          }
        } catch {
          if error == .versionTooNew || error == .mustUnderstand { throw error }
          fault = fault ?? error
        }
      }
      if let fault { throw fault }
      guard valueCount <= 1 else { throw .recordMalformed }
      switch value {
      case .number(let number):
        if let base = self.value {
          guard let total = number.adding(base) else { throw .valueTooLarge }
          value = .number(total)
        }
      case .none:
        if sum == nil && self.sum == nil {
          if let base = self.value {
            value = .number(base)
          } else if name == nil {
            return nil  // only base fields
          } else {
            throw .valueMissing
          }
        }
      default:
        break
      }
      if let base = self.sum {
        guard let total = (sum ?? ExactDecimal(0)).adding(base) else { throw .valueTooLarge }
        sum = total
      }
      let fullName = self.name.isEmpty ? name ?? [] : self.name + (name ?? [])
      guard SenMLPack.isName(fullName) else { throw .nameMalformed }
      let ownTime = time != nil || self.time != nil
      let instant = try Self.instant((self.time ?? ExactDecimal(0)).adding(time ?? ExactDecimal(0)), arrival)
      return SenMLRecord(
        name: fullName, unit: unit ?? self.unit, value: value, sum: sum,
        time: instant, hasOwnTime: ownTime, updateTime: updateTime)
    }

    private static func check(version value: JSONValue) throws(Refusal) {
      guard let version = value.integer, version >= 0 else { throw .recordMalformed }
      guard version <= 10 else { throw .versionTooNew }
    }

    private static func instant(_ sum: ExactDecimal?, _ arrival: Instant) throws(Refusal) -> Instant {
      // A year past 9999 or before the calendar's beginning is no time that anything here can mean.
      guard let sum, sum.trillionths.magnitude < 300_000_000_000 * 1_000_000_000_000 else { throw .valueTooLarge }
      let time = Instant(milliseconds: sum.thousandths)
      return sum < SenMLPack.relativeTimeLimit ? arrival + Span(milliseconds: time.milliseconds) : time
    }
  }

  /// RFC 8428 §4.5.1: `A-Z a-z 0-9 - : . / _`, beginning with a letter or a digit.
  static func isName(_ name: ArraySlice<UInt8>) -> Bool {
    guard let first = name.first, name.count <= SenMLPack.maximumName else { return false }
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: false
      }
    }
    for byte in name where !isAlphanumeric(byte) {
      switch byte {
      case 0x2D, 0x2E, 0x2F, 0x3A, 0x5F: continue
      default: return false
      }
    }
    return isAlphanumeric(first)
  }

  private enum Label {
    case bn, bt, bu, bv, bs, bver, n, u, v, vs, vb, vd, s, t, ut, other

    init(_ key: ArraySlice<UInt8>) {
      let first = key.first ?? 0
      let second = key.dropFirst().first ?? 0
      switch (key.count, first, second) {
      case (1, 0x6E, _): self = .n
      case (1, 0x75, _): self = .u
      case (1, 0x76, _): self = .v
      case (1, 0x73, _): self = .s
      case (1, 0x74, _): self = .t
      case (2, 0x62, 0x6E): self = .bn
      case (2, 0x62, 0x74): self = .bt
      case (2, 0x62, 0x75): self = .bu
      case (2, 0x62, 0x76): self = .bv
      case (2, 0x62, 0x73): self = .bs
      case (2, 0x76, 0x73): self = .vs
      case (2, 0x76, 0x62): self = .vb
      case (2, 0x76, 0x64): self = .vd
      case (2, 0x75, 0x74): self = .ut
      case (4, _, _) where key.elementsEqual("bver".utf8): self = .bver
      default: self = .other
      }
    }
  }
}

extension JSONValue {
  fileprivate func senMLText() throws(Refusal) -> ArraySlice<UInt8> {
    guard let text = stringSlice else { throw .recordMalformed }
    return text
  }

  fileprivate func senMLNumber() throws(Refusal) -> ExactDecimal {
    guard let text = numberText else { throw .valueNotANumber }
    guard let number = ExactDecimal(text) else { throw .valueTooLarge }
    return number
  }
}

extension Refusal {
  /// The reason that stands for a JSON fault.
  public init(_ error: JSONError) {
    self =
      switch error.fault {
      case .empty: .payloadEmpty
      case .notUTF8: .notUTF8
      case .tooDeep: .tooDeep
      case .duplicateKey: .duplicateKey
      default: .malformed
      }
  }
}
