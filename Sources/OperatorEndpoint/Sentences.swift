// What the rest of the gateway says in English, for people on duty who read French: a faulty timetable, a command that
// was refused, a broker or a disk that does not answer.

internal import Pages

/// Sentences with places for what differs: `*` stays as it is, `~` may be a sentence itself.
enum Sentences {
  /// A sentence in somebody's language; one that is not known here stays as it is.
  static func text(_ english: String, _ language: Language) -> String {
    language == .fr ? french(english) ?? english : english
  }

  /// The French of a sentence.
  static func french(_ english: String) -> String? {
    func isPlace(_ character: Character) -> Bool { character == "*" || character == "~" }
    for (pattern, french) in all {
      let pieces = pattern.split(omittingEmptySubsequences: false, whereSeparator: isPlace)
      guard let found = match(Substring(english), pieces[...]) else { continue }
      var places = found[...]
      return french.map { character in
        guard isPlace(character) else { return String(character) }
        let text = String(places.popFirst() ?? "")
        return character == "~" ? self.french(text) ?? text : text
      }.joined()
    }
    return nil
  }

  /// What stands at a pattern's places, which its fixed pieces separate; nil if the text is of another pattern.
  private static func match(_ text: Substring, _ pieces: ArraySlice<Substring>) -> [Substring]? {
    guard let piece = pieces.first, text.hasPrefix(piece) else { return nil }
    let rest = text.dropFirst(piece.count)
    guard let next = pieces.dropFirst().first else { return rest.isEmpty ? [] : nil }
    // The last place reaches as far as it can, the others no farther than they must.
    let isLast = pieces.count == 2
    guard
      let end = isLast ? (rest.hasSuffix(next) ? rest.dropLast(next.count).endIndex : nil) : start(of: next, in: rest)
    else { return nil }
    return match(rest[end...], pieces.dropFirst()).map { [rest[..<end]] + $0 }
  }

  private static func start(of piece: Substring, in text: Substring) -> Substring.Index? {
    text.indices.first { text[$0...].hasPrefix(piece) }
  }

  private static let all = timetables + commands + broker + disk

  private static let timetables = [
    ("column *: ~", "colonne * : ~"),
    ("always_open is *, and opening_hours are \"*\"", "always_open vaut *, et opening_hours « * »"),
    (
      "opening_hours are \"*\", and opening_hours_also \"*\"",
      "opening_hours dit « * », et opening_hours_also « * »"
    ),
    ("'*' means nothing in opening hours", "« * » ne veut rien dire dans des horaires"),
    ("the closing quote of the comment was expected", "le guillemet qui ferme le commentaire était attendu"),
    ("no number of opening hours has so many digits", "aucun nombre d'un horaire n'a autant de chiffres"),
    ("opening hours were expected", "des horaires étaient attendus"),
    (
      "';', ',' or '||' and another rule, or the end, was expected",
      "« ; », « , » ou « || » et une autre règle, ou la fin, étaient attendus"
    ),
    (
      "a month, a weekday, a time such as 08:00-18:00, open or off was expected",
      "un mois, un jour de la semaine, une heure comme 08:00-18:00, open ou off étaient attendus"
    ),
    ("a year was expected", "une année était attendue"),
    ("a later year was expected", "une année postérieure était attendue"),
    ("a later date was expected", "une date postérieure était attendue"),
    ("dates that leave days out are not understood", "des dates qui sautent des jours ne sont pas comprises"),
    ("']' was expected", "« ] » était attendu"),
    ("')' was expected", "« ) » était attendu"),
    ("a month, or a day of one, was expected", "un mois, ou un jour d'un mois, était attendu"),
    ("the month has no such day", "ce mois n'a pas ce jour"),
    ("days were named already", "des jours ont déjà été nommés"),
    ("a weekday was expected", "un jour de la semaine était attendu"),
    ("',' was expected between days", "« , » était attendu entre les jours"),
    ("a weekday was expected after '-'", "un jour de la semaine était attendu après « - »"),
    ("a later number was expected", "un nombre plus grand était attendu"),
    ("at most 366 days", "366 jours au plus"),
    ("an opening time is at most 24:00", "une heure d'ouverture ne dépasse pas 24:00"),
    ("'-' and a closing time were expected", "« - » et une heure de fermeture étaient attendus"),
    (
      "a closing time is at most 48:00, and a day after the opening",
      "une heure de fermeture ne dépasse pas 48:00, ni un jour après l'ouverture"
    ),
    ("sunrise, sunset, dawn or dusk was expected", "sunrise, sunset, dawn ou dusk étaient attendus"),
    ("'+' or '-' and a time were expected", "« + » ou « - » et une heure étaient attendus"),
    ("at most 12 hours from the sun", "12 heures au plus du lever ou du coucher du soleil"),
    ("a time such as 18:00 was expected", "une heure comme 18:00 était attendue"),
    ("two digits of minutes were expected", "deux chiffres de minutes étaient attendus"),
    ("there is no such time", "cette heure n'existe pas"),
    ("~, * to *, was expected", "attendu : ~, de * à *"),
    ("a week", "une semaine"),
    ("minutes", "des minutes"),
    ("how many years lie between", "l'écart en années"),
    ("how many weeks lie between", "l'écart en semaines"),
    ("which one of the month", "le rang dans le mois"),
  ]

  private static let commands = [
    ("the payload is not JSON: *", "le message n'est pas du JSON : *"),
    ("a JSON object was expected", "un objet JSON était attendu"),
    ("\"*\" is not known here; known are *", "« * » n'est pas connu ici ; sont connus : *"),
    ("\"*\" is missing", "« * » manque"),
    ("\"*\" has more than 2,000 bytes", "« * » dépasse 2 000 octets"),
    (
      "\"level\" must be 1, 2, 3 or 4, or null where you say nothing any more",
      "« level » doit être 1, 2, 3 ou 4, ou null pour ne plus rien dire"
    ),
    ("the settings do not name the city's departement", "les réglages ne nomment pas le département de la ville"),
    (
      "a vigilance bulletin was expected: *", "un bulletin de vigilance était attendu : *"
    ),
    (
      "the bulletin says nothing about the heat of département *",
      "le bulletin ne dit rien de la chaleur dans le département *"
    ),
    (
      "\"state\" must be \"open\", \"closed\" or \"regular\"", "« state » doit être « open », « closed » ou « regular »"
    ),
    ("\"until\" must be a time such as *", "« until » doit être un moment comme *"),
    ("\"until\" has passed", "« until » est déjà passé"),
    ("there is no place \"*\"", "il n'y a pas de lieu « * »"),
    ("there is no sensor \"*\"", "il n'y a pas de capteur « * »"),
    ("there is no such command: *", "il n'y a pas de telle commande : *"),
  ]

  /// In the words of the C library and of libmosquitto, the usual ones.
  private static let broker = [
    ("Connection refused", "connexion refusée : rien n'écoute à cette adresse"),
    ("The connection was refused.", "connexion refusée"),
    ("Connection timed out", "pas de réponse dans le délai"),
    ("Connection reset by peer", "connexion coupée"),
    ("No route to host", "aucun chemin vers la machine"),
    ("Network is unreachable", "réseau injoignable"),
    ("Lookup error.", "nom de machine introuvable"),
    ("The connection was lost.", "la connexion s'est perdue"),
    ("A TLS error occurred.", "erreur de TLS : certificats à vérifier"),
    ("Authorisation failed.", "accès refusé"),
    ("Not authorized", "accès refusé"),
    ("Bad User Name or Password", "nom ou mot de passe faux"),
    ("Server unavailable", "broker indisponible"),
    ("Server busy", "broker occupé"),
    ("Connection Refused: not authorised.", "accès refusé"),
    ("Connection Refused: bad user name or password.", "nom ou mot de passe faux"),
    ("Connection Refused: broker unavailable.", "broker indisponible"),
    ("Connection Refused: identifier rejected.", "identifiant de client refusé"),
  ]

  /// In SQLite's words, the usual ones.
  private static let disk = [
    ("* failed: ~ (SQLite *)", "* a échoué : ~ (SQLite *)"),
    ("database or disk is full", "le disque est plein"),
    ("disk I/O error", "erreur d'entrée-sortie du disque"),
    ("attempt to write a readonly database", "le disque est en lecture seule"),
    ("database is locked", "un autre programme tient la base"),
  ]
}
