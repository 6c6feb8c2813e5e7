// Sunrise and sunset to the minute, which is all that a gate needs.

internal import Glibc
internal import Quantities

enum Sun {
  /// When the sun does something on a civil day at a place.
  ///
  /// The sunrise equation with the equation of the centre to the third term; the sun's upper edge stands on the horizon
  /// at −0.833°, and at −6° it is dusk or dawn (civil twilight).
  ///
  /// - Returns: nil where the sun does not rise or set on that day.
  static func moment(of event: SunEvent, on day: CivilDay, at position: HoursCalendar.Position) -> Instant? {
    func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }
    // Days since 2000-01-01 12:00 UTC, at the noon of the place.
    let noon = Double(day.daysSinceEpoch - 10_957) - position.longitude / 360
    let anomaly = radians((357.5291 + 0.985_600_28 * noon).truncatingRemainder(dividingBy: 360))
    let centre = 1.9148 * sin(anomaly) + 0.02 * sin(2 * anomaly) + 0.0003 * sin(3 * anomaly)
    let longitude = anomaly + radians(centre + 180 + 102.9372)
    let transit = noon + 0.0053 * sin(anomaly) - 0.0069 * sin(2 * longitude)
    let declination = asin(sin(longitude) * sin(radians(23.4397)))
    let latitude = radians(position.latitude)
    let height = radians(event == .dawn || event == .dusk ? -6 : -0.833)
    let cosine = (sin(height) - sin(latitude) * sin(declination)) / (cos(latitude) * cos(declination))
    guard cosine.magnitude <= 1 else { return nil }
    let half = acos(cosine) / (2 * .pi)
    let moment = event == .dawn || event == .sunrise ? transit - half : transit + half
    return Instant(seconds: Int64((moment * 86_400).rounded()) + 946_728_000)
  }
}
