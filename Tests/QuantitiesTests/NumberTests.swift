// Decimal text becomes integers without a floating-point number between.

import Testing

@testable import Quantities

@Suite("Exact decimals") struct NumberTests {
  static let texts: [(text: String, thousandths: Int64?)] = [
    ("0", 0), ("-0", 0), ("-0.0", 0), ("23.1", 23_100), ("23.1000003814", 23_100), ("-4.25", -4_250),
    ("0.0005", 1), ("-0.0005", -1), ("0.00049999999999999", 0), ("1.0004999", 1_000), ("1.0005", 1_001),
    ("2.5e1", 25_000), ("25E+0", 25_000), ("250000e-4", 25_000), ("1e-12", 0), ("1e-400", 0), ("0e999", 0),
    ("1.320078429e+09", 1_320_078_429_000),
    ("", nil), ("-", nil), (".", nil), ("1e", nil), ("1e+", nil), ("1..2", nil), ("1e999", nil), ("1e19", nil),
    ("1e15", nil), ("-1e15", nil), ("9223372036854775807", nil), ("999999999999999.9994", 999_999_999_999_999_999),
    ("NaN", nil), ("0x10", nil), (" 1", nil), ("1 ", nil), ("--1", nil),
  ]

  @Test("text becomes thousandths, halves away from zero", arguments: texts)
  func thousandths(_ example: (text: String, thousandths: Int64?)) {
    #expect(ExactDecimal(example.text)?.thousandths == example.thousandths, "\(example.text)")
  }

  @Test("base values are added before rounding") func sums() throws {
    let a = try #require(ExactDecimal("0.0003"))
    #expect(a.thousandths == 0)
    #expect(a.adding(a)?.thousandths == 1)
  }

  @Test("a sum or product beyond the limit is refused, not wrapped") func limits() throws {
    let large = try #require(ExactDecimal("999999999999999"))
    #expect(large.adding(large) == nil)
    #expect(large.scaled(by: 10) == nil)
    #expect(ExactDecimal("1000000000000000") == nil)
  }

  @Test("a long text is read in bounded memory and time") func longText() {
    #expect(ExactDecimal(String(repeating: "9", count: 100_000)) == nil)
    #expect(ExactDecimal("0." + String(repeating: "3", count: 100_000))?.thousandths == 333)
  }

  @Test("values print rounded, with the sign before the digits") func text() {
    #expect(MilliCelsius(-50).text(places: 1) == "-0.1")
    #expect(MilliCelsius(-49).text(places: 1) == "0.0")
    #expect(MilliCelsius(26_950).text(places: 1) == "27.0")
    #expect(MilliCelsius(5).text(places: 3) == "0.005")
    #expect(MilliDecibels(49_500).text(places: 0) == "50")
    #expect(MilliCelsius(3_250).text(places: 1, separator: ",") == "3,3")
  }

  @Test("base64 agrees with RFC 4648 §10 and refuses what is not base64") func base64() {
    for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
      #expect(Base64.encode(Array(plain.utf8)) == Array(coded.utf8))
      #expect(Base64.decode(Array(coded.utf8)) == Array(plain.utf8))
    }
    for bad in ["Zg", "Zg=", "Z===", "Zh==", "Zg==Zg==", "Zm9$"] {
      #expect(Base64.decode(Array(bad.utf8)) == nil, "\(bad)")
    }
  }
}
