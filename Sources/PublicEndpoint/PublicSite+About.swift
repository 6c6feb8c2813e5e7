// Pages about the site: how to use its data, and for whom it works.

internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities

extension PublicSite {
  /// Licence and examples for re-users; the examples run as they stand.
  func dataPage(_ request: Request, _ base: String, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(["lang"], query)
    let language = try language(request, query)
    return cache.resource("/data \(language.rawValue) \(base)", version: snapshot.version) {
      page(
        DocumentPage(
          title: language("Données ouvertes", "Open data"), cityName: snapshot.city.name, path: "/data",
          parts: dataParts(language, base, snapshot), contact: snapshot.city.contact
        ).html(language))
    }.reply(to: request)
  }

  private func dataParts(_ language: Language, _ base: String, _ snapshot: PublicSnapshot) -> [DocumentPage.Part] {
    let items = base + "/collections/cool-spots/items"
    let licence = snapshot.city.licence
    // Three decimals are as precise as such an address need be.
    let position = snapshot.places.first?.about.position ?? PublicPosition(longitudeE7: 0, latitudeE7: 0)
    let degrees = [position.longitudeE7, position.latitudeE7].map { String(PublicAbout.degrees($0).dropLast(4)) }
    let middle = degrees.joined(separator: ",")
    return [
      .text(
        language(
          "Tout ce que montrent ces pages se lit aussi par des programmes, sans clé ni inscription.",
          "Programs can read all that these pages show, without a key or registration.")),
      .heading(language("Licence", "Licence")),
      licence.map { .links([($0.name, $0.url)]) }
        ?? .text(
          language(
            "La ville n'a pas encore indiqué de licence pour ces données.",
            "The city has not yet named a licence for these data.")),
      .text(
        language(
          "Chaque lieu nomme aussi le registre d'où il vient et la licence de ce registre (source, licence).",
          "Each place also names the register it comes from and that register's licence (source, licence).")),
      .heading(language("Adresses", "Addresses")),
      .links([
        (language("Lieux en GeoJSON (OGC API - Features)", "Places as GeoJSON (OGC API - Features)"), items),
        (language("Lieux pour un tableur (CSV)", "Places for a spreadsheet (CSV)"), items + "?f=csv"),
        (
          language(
            "Mesures des 24 dernières heures (SensorThings 1.1)", "Values of the last 24 hours (SensorThings 1.1)"),
          base + "/v1.1"
        ),
        (language("Description de l'API (OpenAPI 3.0)", "Description of the API (OpenAPI 3.0)"), base + "/api?f=json"),
        (
          language("Une journée passée (CSV ; aussi .geojson)", "A past day (CSV; .geojson too)"),
          base + "/history/\(snapshot.city.zone.civil(snapshot.at).day.adding(days: -1).text).csv"
        ),
        (
          language("Changements en direct (server-sent events)", "Changes as they happen (server-sent events)"),
          base + "/events"
        ),
      ]),
      .heading("curl"),
      .text(language("Les lieux frais ouverts maintenant.", "The cool places that are open now.")),
      .code("curl '\(items)?available=true&measured=true'"),
      .heading("Python"),
      .text(language("Les cinq meilleurs lieux près d'un point.", "The five best places near a point.")),
      .code(
        """
        import json
        import urllib.request

        url = "\(items)?near=\(middle)&limit=5"
        with urllib.request.urlopen(url) as answer:
            for place in json.load(answer)["features"]:
                print(place["properties"]["name"], place["properties"]["availability"])
        """),
      .heading("JavaScript"),
      .text(language("Chaque changement, au moment où il arrive.", "Each change, as it happens.")),
      .code(
        """
        const changes = new EventSource("\(base)/events");
        changes.addEventListener("place", event => {
          const place = JSON.parse(event.data);
          console.log(place.id, place.availability);
        });
        """),
    ]
  }

  /// The declaration of accessibility.
  func accessibilityPage(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    try allow(["lang"], query)
    let language = try language(request, query)
    return cache.resource("/accessibility \(language.rawValue)", version: snapshot.version) {
      let contact: DocumentPage.Part =
        snapshot.city.contact.map { .links([(language("Écrire à la ville", "Write to the city"), $0)]) }
        ?? .text(language("Adressez-vous à la mairie.", "Ask at the town hall."))
      return page(
        DocumentPage(
          title: language("Accessibilité", "Accessibility"), cityName: snapshot.city.name, path: "/accessibility",
          parts: [
            .text(
              language(
                "Ces pages visent les règles WCAG 2.2, niveau AA, et le RGAA 4.1. À chaque version du logiciel, un moteur de contrôle (axe-core) les examine en français et en anglais, claires et sombres, sur petit et grand écran ; il ne trouve aucune faute. Aucun audit par des personnes n'a encore eu lieu.",
                "These pages aim at WCAG 2.2, level AA, and at France's RGAA 4.1. For each version of the software a checker (axe-core) examines them in French and English, light and dark, on small and large screens; it finds no fault. No audit by people has taken place yet."
              )),
            .list([
              language(
                "Un état se lit en un mot et une forme ; la couleur ne fait que répéter.",
                "A state is a word and a shape; colour only repeats it."),
              language(
                "Tout se fait au clavier, sans JavaScript, à 320 pixels de large et agrandi quatre fois.",
                "Everything works by keyboard, without JavaScript, 320 pixels wide and enlarged four times."),
              language(
                "Ce que montre la carte est dans la liste ; ce que montrent les courbes est dans un tableau.",
                "What the map shows is in the list; what the curves show is in a table."),
            ]),
            .heading(language("Une difficulté ?", "A difficulty?")), contact,
            .text(
              language(
                "Sans réponse satisfaisante, vous pouvez saisir le Défenseur des droits.",
                "Without a satisfactory answer you can turn to France's Defender of Rights.")),
            .links([("Défenseur des droits", "https://formulaire.defenseurdesdroits.fr/")]),
          ], contact: snapshot.city.contact
        ).html(language))
    }.reply(to: request)
  }
}
