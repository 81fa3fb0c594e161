"""What is said about each class of fault, in English and Spanish. The only place where these sentences stand.

`{…}` are the values a fault carries. A new class of fault is one entry here and one example in `tests/broken/`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Message:
    is_error: bool
    en: Sentence
    es: Sentence

    def sentence(self, language: str) -> Sentence:
        return self.es if language == "es" else self.en


def _error(en: tuple[str, str], es: tuple[str, str]) -> Message:
    return Message(True, Sentence(*en), Sentence(*es))


def _warning(en: tuple[str, str], es: tuple[str, str]) -> Message:
    return Message(False, Sentence(*en), Sentence(*es))


MESSAGES: dict[str, Message] = {
    # --- the file itself -----------------------------------------------------------------------------------------
    "cannot-read": _error(
        ("The file cannot be read: {problem}.", "Put a file there that you may read, or remove it."),
        ("No se puede leer el archivo: {problema}.", "Pon ahí un archivo que puedas leer, o quítalo."),
    ),
    "missing-file": _error(
        ("The file {file} is missing.", "Put it back; take it from an earlier version."),
        ("Falta el archivo {file}.", "Vuelve a ponerlo; tómalo de una versión anterior."),
    ),
    "not-utf8": _error(
        ("The file is not saved as UTF-8.", "Save it again with the encoding UTF-8."),
        ("El archivo no está guardado como UTF-8.", "Guárdalo otra vez con la codificación UTF-8."),
    ),
    "byte-order-mark": _warning(
        ("The file begins with a hidden byte order mark.", "Save it as “UTF-8” instead of “UTF-8 with BOM”."),
        ("El archivo empieza con una marca oculta (BOM).", "Guárdalo como «UTF-8» y no como «UTF-8 con BOM»."),
    ),
    "windows-line-ends": _warning(
        ("The lines end as Windows writes them (CRLF).", "Set your editor to line ends “LF” and save again."),
        ("Las líneas terminan como en Windows (CRLF).", "Pon tu editor en fin de línea «LF» y guarda otra vez."),
    ),
    "tab": _error(
        ("The line begins with a tab.", "Replace it with spaces, two for each level."),
        ("La línea empieza con un tabulador.", "Cámbialo por espacios, dos por cada nivel."),
    ),
    "curly-quote": _error(
        ("The text begins with a curly quotation mark.", "Remove the quotation marks, or put the text below a `|`."),
        ("El texto empieza con comillas tipográficas.", "Quita las comillas o pon el texto debajo de un `|`."),
    ),
    "hidden-character": _error(
        ("There is an invisible character here ({code}).", "Delete the space or gap and type it anew."),
        ("Aquí hay un carácter invisible ({code}).", "Borra el espacio o hueco y escríbelo otra vez."),
    ),
    "not-yaml": _error(
        ("The file cannot be understood here: {problem}.", "Compare the spaces and colons with the lines above."),
        (
            "Aquí no se entiende el archivo: {problema}.",
            "Compara los espacios y los dos puntos con las líneas de arriba.",
        ),
    ),
    "empty-file": _error(
        ("The file is empty.", "Write its content, or delete the file."),
        ("El archivo está vacío.", "Escribe su contenido o borra el archivo."),
    ),
    "key-not-text": _error(
        ("A key must be one word.", "Write a word followed by a colon."),
        ("Una clave debe ser una palabra.", "Escribe una palabra seguida de dos puntos."),
    ),
    "unknown-file": _error(
        ("Nothing reads the file {file}.", "{hint}"),
        ("Nada lee el archivo {file}.", "{pista}"),
    ),
    "bad-spelling": _error(
        ("“{text}” is no spelling.", "Write one word, “=”, and what it means: “wahn = want”."),
        ("«{text}» no es una forma de escribir.", "Escribe una palabra, «=» y lo que significa: «kiero = quiero»."),
    ),
    "wrong-ending": _error(
        ("The name {file} does not end in “.yaml”, so nothing reads it.", "Rename it so that it ends in “.yaml”."),
        (
            "El nombre {file} no termina en «.yaml», así que nada lo lee.",
            "Cámbiale el nombre para que termine en «.yaml».",
        ),
    ),
    "key-twice": _error(
        ("“{key}” is already written at line {first}.", "Keep one of the two."),
        ("«{key}» ya está escrito en la línea {first}.", "Deja solo uno de los dos."),
    ),
    "unknown-key": _error(
        ("“{key}” is not known here.", "{hint}"),
        ("Aquí no se conoce «{key}».", "{pista}"),
    ),
    "missing-key": _error(
        ("“{key}” is missing.", "Add “{key}: …” below."),
        ("Falta «{key}».", "Agrega «{key}: …» debajo."),
    ),
    "wrong-value": _error(
        ("“{key}” has a value that does not fit: {problem}.", "Write it as the content guide shows."),
        ("«{key}» tiene un valor que no sirve: {problema}.", "Escríbelo como lo muestra la guía de contenido."),
    ),
    "bad-id": _error(
        (
            "The name “{id}” does not fit.",
            "Use small letters without accents, digits and hyphens (facts: underscores instead of hyphens).",
        ),
        (
            "El nombre «{id}» no sirve.",
            "Usa minúsculas sin acentos, números y guiones (en los datos, guion bajo en vez de guion).",
        ),
    ),
    "fact-value": _error(
        ("“{id}” needs exactly one of amount, number, date, text and list.", "Keep one of them."),
        ("«{id}» necesita solo uno de amount, number, date, text y list.", "Deja uno de ellos."),
    ),
    "key-without": _error(
        ("“{key}” says nothing without “{other}”.", "Add “{other}: …”, or remove it."),
        ("«{key}» no dice nada sin «{other}».", "Agrega «{other}: …» o quítalo."),
    ),
    "bad-locale": _error(
        (
            "“{locale}” is not a way of writing numbers and dates.",
            "Write a language and a country, such as es_MX or en_BZ.",
        ),
        (
            "«{locale}» no es una forma de escribir números y fechas.",
            "Escribe un idioma y un país, como es_MX o en_BZ.",
        ),
    ),
    "notice-dates": _error(
        ("The notice “{id}” ends before it begins.", "Correct “from” or “until”."),
        ("El aviso «{id}» termina antes de empezar.", "Corrige «from» o «until»."),
    ),
    # --- ids -----------------------------------------------------------------------------------------------------
    "duplicate-id": _error(
        ("“{id}” is already in {first}.", "Rename or remove one of the two."),
        ("«{id}» ya está en {first}.", "Cambia el nombre de uno de los dos o quítalo."),
    ),
    "dangling-node": _error(
        ("“{id}” is not an answer or menu.", "{hint}"),
        ("«{id}» no es una respuesta ni un menú.", "{pista}"),
    ),
    "dangling-source": _error(
        ("The source “{id}” is not in sources.yaml.", "{hint}"),
        ("La fuente «{id}» no está en sources.yaml.", "{pista}"),
    ),
    "dangling-question": _error(
        ("There is no question “{id}”.", "{hint}"),
        ("No hay ninguna pregunta «{id}».", "{pista}"),
    ),
    "dangling-value": _error(
        ("“{id}” is not a value of “{slot}”, nor a group.", "{hint}"),
        ("«{id}» no es un valor de «{slot}» ni un grupo.", "{pista}"),
    ),
    "group-value": _error(
        ("“{id}” is not a value of any question, nor the code of a country.", "{hint}"),
        ("«{id}» no es un valor de ninguna pregunta ni el código de un país.", "{pista}"),
    ),
    "dangling-placeholder": _error(
        ("Nothing is called {{{id}}}.", "{hint}"),
        ("Nada se llama {{{id}}}.", "{pista}"),
    ),
    "placeholder-not-filled": _error(
        (
            "Nothing fills in {{{id}}} here: people would read it as typed.",
            "Write it out, or move it to an answer's text.",
        ),
        (
            "Aquí nada llena {{{id}}}: la gente lo leería tal cual.",
            "Escríbelo completo o pásalo al texto de una respuesta.",
        ),
    ),
    "dangling-town": _error(
        ("The town “{id}” is not in towns.yaml.", "{hint}"),
        ("La localidad «{id}» no está en towns.yaml.", "{pista}"),
    ),
    "dangling-topic": _error(
        ("“{id}” is neither an answer nor a folder of answers.", "{hint}"),
        ("«{id}» no es una respuesta ni una carpeta de respuestas.", "{pista}"),
    ),
    "dangling-place": _error(
        ("The place “{id}” is not in places.yaml.", "{hint}"),
        ("El lugar «{id}» no está en places.yaml.", "{pista}"),
    ),
    "unknown-action": _error(
        ("There is no action “{id}”.", "{hint}"),
        ("No hay ninguna acción «{id}».", "{pista}"),
    ),
    "missing-node": _error(
        ("The program needs “{id}” and finds no file of that name.", "Put the file {id}.yaml back under content/."),
        ("El programa necesita «{id}» y no hay archivo con ese nombre.", "Vuelve a poner {id}.yaml en content/."),
    ),
    "missing-phrase": _error(
        ("The phrase “{id}” is missing.", "Add it to phrases.yaml, in every language."),
        ("Falta la frase «{id}».", "Agrégala a phrases.yaml en todos los idiomas."),
    ),
    "missing-word": _error(
        ("The command “{id}” has no words.", "Add it to words.yaml, in every language."),
        ("El comando «{id}» no tiene palabras.", "Agrégalo a words.yaml en todos los idiomas."),
    ),
    "code-clash": _error(
        ("“{id}” and “{other}” get the same short code.", "Change the name of the newer one a little."),
        ("«{id}» y «{other}» reciben el mismo código corto.", "Cambia un poco el nombre del más nuevo."),
    ),
    # --- languages -----------------------------------------------------------------------------------------------
    "missing-language": _error(
        ("“{key}” has no text in “{language}”.", "Add “{language}: …” below."),
        ("«{key}» no tiene texto en «{language}».", "Agrega «{language}: …» debajo."),
    ),
    "missing-danger": _error(
        (
            "Nothing that is certain leads to “{id}” in “{language}”.",
            "Add “certain: |” below “{id}:”, and some patterns.",
        ),
        (
            "En «{language}» nada seguro lleva a «{id}».",
            "Agrega «certain: |» debajo de «{id}:», y unos patrones.",
        ),
    ),
    "not-a-danger-answer": _error(
        ("“{id}” is not an answer that the danger patterns lead to.", "{hint}"),
        ("«{id}» no es una respuesta a la que lleven los patrones de peligro.", "{pista}"),
    ),
    "unknown-set": _error(
        ("No set of this file is called <{id}>.", "{hint}"),
        ("Ningún conjunto de este archivo se llama <{id}>.", "{pista}"),
    ),
    "empty-set": _error(
        ("The set “{id}” is empty, so no pattern that names it is ever found.", "Add words, with commas between."),
        (
            "El conjunto «{id}» está vacío: nunca se encuentra un patrón que lo nombre.",
            "Agrega palabras, separadas por comas.",
        ),
    ),
    "bad-pattern": _error(
        ("“{pattern}” cannot stand here: {problem}.", "Write it as the content guide shows."),
        ("«{pattern}» no puede ir aquí: {problema}.", "Escríbelo como lo muestra la guía de contenido."),
    ),
    "words-unchecked": _warning(
        (
            "Nobody who speaks {language} has looked at these words yet.",
            "Ask somebody, and write who it was below “checked_by”.",
        ),
        (
            "Nadie que hable {language} ha revisado todavía estas palabras.",
            "Pregunta a alguien y escribe quién fue en «checked_by».",
        ),
    ),
    "unknown-language": _error(
        ("“{language}” is not a language of this service.", "{hint}"),
        ("«{language}» no es un idioma de este servicio.", "{pista}"),
    ),
    # --- moves ---------------------------------------------------------------------------------------------------
    "no-way-on": _error(
        ("“{id}” leads nowhere and says nothing.", "Give it a text, a menu, or a way on."),
        ("«{id}» no lleva a ningún lado ni dice nada.", "Dale un texto, un menú o un camino."),
    ),
    "open-case": _error(
        ("The ways of “{id}” leave cases open.", "Add a last way without “when”: “- go: …”."),
        ("Los caminos de «{id}» dejan casos sin cubrir.", "Agrega un último camino sin «when»: «- go: …»."),
    ),
    "route-shadowed": _error(
        ("This way of “{id}” is never taken: the one at line {first} is taken before.", "Put it higher, or remove it."),
        ("Este camino de «{id}» nunca se toma: antes se toma el de la línea {first}.", "Súbelo o quítalo."),
    ),
    "goes-in-circles": _error(
        ("The ways of “{id}” lead round in a circle: {way}.", "Let one of them lead to an answer."),
        ("Los caminos de «{id}» dan vueltas: {way}.", "Haz que uno lleve a una respuesta."),
    ),
    "no-options": _error(
        ("The question “{slot}” offers nothing to choose.", "Add “options”."),
        ("La pregunta «{slot}» no ofrece nada que elegir.", "Agrega «options»."),
    ),
    "option-twice": _error(
        ("“{id}” is offered twice here.", "Remove one of the two."),
        ("Aquí se ofrece «{id}» dos veces.", "Quita una de las dos."),
    ),
    "empty-answer": _error(
        (
            "“{id}” says nothing in “{language}” (case: {case}).",
            "Add a paragraph without “only”, or words that do not depend on a help line.",
        ),
        (
            "«{id}» no dice nada en «{language}» (caso: {case}).",
            "Agrega un párrafo sin «only» o palabras que no dependan de una línea de ayuda.",
        ),
    ),
    "bare-heading": _error(
        (
            "“{heading}” would stand there with nothing below it (case: {case}).",
            "Put it on the line of what it announces, or name a line that can always be shown.",
        ),
        (
            "«{heading}» quedaría sin nada debajo (caso: {case}).",
            "Ponlo en el renglón de lo que anuncia o usa una línea que siempre se pueda mostrar.",
        ),
    ),
    "bad-hours": _error(
        ("“{hours}” are no opening hours.", "Write lines such as “Mon-Fri 09:00-13:30”, or the word unknown."),
        ("«{hours}» no es un horario.", "Escribe líneas como «Mon-Fri 09:00-13:30» o la palabra unknown."),
    ),
    "unreachable": _error(
        ("Nobody can get to “{id}”.", "Name it in a menu, a follow-up or a route, or delete its file."),
        ("Nadie puede llegar a «{id}».", "Nómbralo en un menú, en «next» o en un camino, o borra su archivo."),
    ),
    "too-deep": _error(
        (
            "It takes {depth} choices to get to “{id}”; at most {most} are allowed.",
            "Put it into a menu nearer to the start.",
        ),
        (
            "Se necesitan {depth} elecciones para llegar a «{id}»; máximo {most}.",
            "Ponlo en un menú más cerca del inicio.",
        ),
    ),
    "menu-too-long": _error(
        ("There are {count} choices here; at most {most} fit on a phone.", "Move some to a menu of their own."),
        ("Aquí hay {count} opciones; en el teléfono caben {most}.", "Pasa algunas a un menú aparte."),
    ),
    # --- choices -------------------------------------------------------------------------------------------------
    "label-too-long": _error(
        ("The label “{label}” has {length} characters; a button holds {most}.", "Shorten it."),
        ("La etiqueta «{label}» tiene {length} caracteres; en un botón caben {most}.", "Acórtala."),
    ),
    "options-clash": _error(
        (
            "“{first}” and “{second}” are offered together ({menu}) and both answer to the word “{word}”.",
            "Change a label or synonym of one of them.",
        ),
        (
            "«{first}» y «{second}» se ofrecen juntos ({menu}) y responden a la misma palabra «{word}».",
            "Cambia una etiqueta o un sinónimo de uno de los dos.",
        ),
    ),
    "label-is-command": _error(
        (
            "“{label}” is also a word of the command “{command}”, which goes before: nobody can choose it by writing.",
            "Use other words.",
        ),
        (
            "«{label}» también es una palabra del comando «{command}», que va primero: nadie la puede elegir escribiendo.",
            "Usa otras palabras.",
        ),
    ),
    "danger-in-label": _error(
        (
            "“{label}” would set off the danger answer (by “{phrase}”).",
            "Word it differently, or make the danger phrase more exact.",
        ),
        (
            "«{label}» dispararía la respuesta de peligro (por «{phrase}»).",
            "Escríbelo de otra forma o precisa la frase de peligro.",
        ),
    ),
    "danger-in-example": _error(
        (
            "Whoever asks “{example}” would get the danger answer (by “{phrase}”).",
            "Make the danger pattern more exact, or add a turn of phrase to “not_danger”.",
        ),
        (
            "Quien pregunte «{example}» recibiría la respuesta de peligro (por «{phrase}»).",
            "Precisa el patrón de peligro o agrega el dicho a «not_danger».",
        ),
    ),
    "word-twice": _error(
        ("The word “{word}” belongs to “{first}” and to “{second}”.", "Remove it from one of them."),
        ("La palabra «{word}» pertenece a «{first}» y a «{second}».", "Quítala de uno de los dos."),
    ),
    "carrier-command": _error(
        ("Carriers act upon “{word}” by themselves; “{command}” must not use it.", "Choose another word."),
        ("Las compañías actúan por su cuenta con «{word}»; «{command}» no debe usarla.", "Elige otra palabra."),
    ),
    "word-not-accepted": _error(
        (
            "People are told to write {word}, which is not understood in “{language}”.",
            "Add it to words.yaml, or name a word that is.",
        ),
        (
            "Se pide escribir {word}, que no se entiende en «{language}».",
            "Agrégala a words.yaml o pide una palabra que esté.",
        ),
    ),
    "carrier-word": _error(
        (
            "People are told to write {word}, upon which carriers act by themselves.",
            "Ask for another word, such as SOS, MENU or X.",
        ),
        (
            "Se pide escribir {word}, y las compañías actúan por su cuenta con ella.",
            "Pide otra palabra, como SOS, MENU o X.",
        ),
    ),
    # --- wording -------------------------------------------------------------------------------------------------
    "placeholders-differ": _error(
        (
            "“{second}” does not use the same values as “{first}” (line {at}): {values}.",
            "Use the same {{…}} in both.",
        ),
        (
            "«{second}» no usa los mismos valores que «{first}» (línea {at}): {values}.",
            "Usa los mismos {{…}} en los dos.",
        ),
    ),
    "phones-differ": _error(
        (
            "“{second}” does not give the same telephone numbers as “{first}” (line {at}): {values}.",
            "Correct the wrong one.",
        ),
        ("«{second}» no da los mismos teléfonos que «{first}» (línea {at}): {values}.", "Corrige el equivocado."),
    ),
    "links-differ": _error(
        (
            "“{second}” does not give the same links as “{first}” (line {at}): {values}.",
            "Use the same links in both.",
        ),
        (
            "«{second}» no da los mismos enlaces que «{first}» (línea {at}): {values}.",
            "Usa los mismos enlaces en los dos.",
        ),
    ),
    "amounts-differ": _error(
        (
            "“{second}” does not give the same numbers as “{first}” (line {at}): {values}.",
            "Correct the wrong one, or move it to facts.yaml.",
        ),
        (
            "«{second}» no da los mismos números que «{first}» (línea {at}): {values}.",
            "Corrige el equivocado o pásalo a facts.yaml.",
        ),
    ),
    "phone-typed": _error(
        (
            "The telephone number {number} is typed into the text.",
            "Put it into places.yaml or helplines.yaml and refer to it.",
        ),
        (
            "El teléfono {number} está escrito en el texto.",
            "Ponlo en places.yaml o helplines.yaml y haz referencia a él.",
        ),
    ),
    "amount-typed": _error(
        ("The amount {amount} is typed into the text.", "Put it into facts.yaml and refer to it as {{its_name}}."),
        (
            "La cantidad {amount} está escrita en el texto.",
            "Ponla en facts.yaml y haz referencia a ella como {{su_nombre}}.",
        ),
    ),
    "not-gsm": _error(
        ("An SMS cannot carry: {characters}", "Write it with ordinary letters and signs."),
        ("Un SMS no puede llevar: {characters}", "Escríbelo con letras y signos comunes."),
    ),
    "held-line": _error(
        (
            "The help line “{id}” is held and must not be shown.",
            "Name another line, or lift the hold after a test call.",
        ),
        ("La línea «{id}» está retenida y no se debe mostrar.", "Usa otra línea o levanta la retención tras probarla."),
    ),
    # --- sizes ---------------------------------------------------------------------------------------------------
    "sms-too-long": _error(
        (
            "“{id}” takes {count} SMS pages in “{language}” (case: {case}); at most {most}.",
            "Shorten it, or add a shorter “sms:” text.",
        ),
        (
            "«{id}» ocupa {count} páginas de SMS en «{language}» (caso: {case}); máximo {most}.",
            "Acórtalo o agrega un texto «sms:» más corto.",
        ),
    ),
    "sms-danger-too-long": _error(
        (
            "“{id}” takes {count} SMS pages in “{language}” (case: {case}); help must fit in one.",
            "Shorten it, or add a shorter “sms:” text.",
        ),
        (
            "«{id}» ocupa {count} páginas de SMS en «{language}» (caso: {case}); la ayuda debe caber en una.",
            "Acórtalo o agrega un texto «sms:» más corto.",
        ),
    ),
    "whatsapp-too-long": _error(
        (
            "“{id}” has {count} characters on WhatsApp in “{language}” (case: {case}); {most} fit.",
            "Shorten the longest lines, or offer fewer choices.",
        ),
        (
            "«{id}» tiene {count} caracteres en WhatsApp en «{language}» (caso: {case}); caben {most}.",
            "Acorta los renglones más largos u ofrece menos opciones.",
        ),
    ),
    "line-too-long": _error(
        (
            "One sentence of “{id}” does not fit into an SMS message in “{language}” (case: {case}).",
            "Make two sentences of it.",
        ),
        (
            "Una frase de «{id}» no cabe en un mensaje SMS en «{language}» (caso: {case}).",
            "Divídela en dos frases.",
        ),
    ),
    "menu-page-too-long": _error(
        (
            "The menu “{id}” takes {count} SMS segments in “{language}” (case: {case}); at most {most}.",
            "Shorten its heading or its labels.",
        ),
        (
            "El menú «{id}» ocupa {count} segmentos de SMS en «{language}» (caso: {case}); máximo {most}.",
            "Acorta su título o sus etiquetas.",
        ),
    ),
    "result-too-long": _error(
        (
            "What “{id}” finds does not fit into one message in “{language}” (case: {case}): the choices are lost.",
            "Shorten its text and the phrases of the list, or the names of places.",
        ),
        (
            "Lo que «{id}» encuentra no cabe en un mensaje en «{language}» (caso: {case}): se pierden las opciones.",
            "Acorta su texto y las frases de la lista o los nombres de los lugares.",
        ),
    ),
    "question-too-long": _error(
        ("The question “{slot}” does not fit into one message in “{language}”.", "Shorten the question or its labels."),
        ("La pregunta «{slot}» no cabe en un mensaje en «{language}».", "Acorta la pregunta o sus etiquetas."),
    ),
    "phrase-too-long": _error(
        (
            "The phrase “{id}” and what goes with it do not fit into one SMS message in “{language}”.",
            "Shorten it: three segments at most, choices included.",
        ),
        (
            "La frase «{id}» y lo que va con ella no caben en un mensaje SMS en «{language}».",
            "Acórtala: tres segmentos como máximo, con sus opciones.",
        ),
    ),
    # --- conversations that tests replay -------------------------------------------------------------------------
    "transcript-changed": _error(
        (
            "The conversation no longer goes as written; the bot now says: “{now}”",
            "Correct the content, or the conversation if the new reply is right.",
        ),
        (
            "La conversación ya no va como está escrita; ahora el bot dice: «{now}»",
            "Corrige el contenido, o la conversación si la nueva respuesta es la buena.",
        ),
    ),
    "transcript-unreadable": _error(
        ("This conversation cannot be replayed: {problem}", "Write it like the others in the folder."),
        (
            "Esta conversación no se puede repetir.",
            "Compara su segunda línea y lo que va entre corchetes con las demás de la carpeta.",
        ),
    ),
    # --- warnings ------------------------------------------------------------------------------------------------
    "review-past": _warning(
        (
            "“{id}” should have been checked again by {day}.",
            "Hold it against its source; then renew “checked” and “review_by”.",
        ),
        ("«{id}» se debía revisar antes del {day}.", "Compáralo con su fuente y renueva «checked» y «review_by»."),
    ),
    "review-missing": _warning(
        ("“{id}” does not say when it was checked and until when that counts.", "Add “checked” and “review_by”."),
        ("«{id}» no dice cuándo se revisó ni hasta cuándo vale.", "Agrega «checked» y «review_by»."),
    ),
    "no-source": _warning(
        ("“{id}” names no source.", "Add “sources”."),
        ("«{id}» no nombra ninguna fuente.", "Agrega «sources»."),
    ),
    "line-unconfirmed": _warning(
        (
            "Nobody has called the help line “{id}” in the last 90 days: production does not show it.",
            "Call it and add “confirmed” (on, by, how).",
        ),
        (
            "Nadie ha llamado a la línea «{id}» en los últimos 90 días: en producción no se muestra.",
            "Llama y agrega «confirmed» (on, by, how).",
        ),
    ),
    "answer-unconfirmed": _warning(
        ("“{id}” must still be confirmed at the office.", "Ask there; then remove “confirm_locally”."),
        ("«{id}» todavía se debe confirmar en la oficina.", "Pregunta ahí y luego quita «confirm_locally»."),
    ),
    "hub-unconfirmed": _warning(
        ("The address and hours of the hub are not confirmed.", "Fill in address, hours and “confirmed” of “hub”."),
        (
            "La dirección y el horario de la ventanilla no están confirmados.",
            "Llena address, hours y «confirmed» de «hub».",
        ),
    ),
    "hard-to-read-en": _warning(
        (
            "The English of the topic “{topic}” is hard to read (grade {score}, at most {limit}).",
            "Use shorter sentences and plainer words.",
        ),
        (
            "El inglés del tema «{topic}» es difícil de leer (grado {score}, máximo {limit}).",
            "Usa frases más cortas y palabras más simples.",
        ),
    ),
    "hard-to-read-es": _warning(
        (
            "The Spanish of the topic “{topic}” is hard to read (ease {score}, at least {limit}).",
            "Use shorter sentences and plainer words.",
        ),
        (
            "El español del tema «{topic}» es difícil de leer (facilidad {score}, mínimo {limit}).",
            "Usa frases más cortas y palabras más simples.",
        ),
    ),
    "few-examples": _warning(
        (
            "“{id}” has {count} examples in “{language}”; at least {least} are needed to find it.",
            "Add what people really ask.",
        ),
        (
            "«{id}» tiene {count} ejemplos en «{language}»; hacen falta {least} para encontrarlo.",
            "Agrega lo que la gente pregunta de verdad.",
        ),
    ),
    "folding-ambiguous": _warning(
        (
            "On SMS “{word}” becomes “{folded}”, which means something else.",
            "Word it differently, or add an “sms:” text.",
        ),
        ("En SMS «{word}» queda «{folded}», que significa otra cosa.", "Dilo de otra forma o agrega un texto «sms:»."),
    ),
    "long-sentence": _warning(
        (
            "This sentence has {count} words; in danger people take in {most} at most.",
            "Make two sentences of it.",
        ),
        (
            "Esta frase tiene {count} palabras; en peligro se entienden {most} como máximo.",
            "Haz dos frases de ella.",
        ),
    ),
    "unused-fact": _warning(
        ("No text uses the fact “{id}”.", "Use it as {{{id}}}, or remove it."),
        ("Ningún texto usa el dato «{id}».", "Úsalo como {{{id}}} o quítalo."),
    ),
    "unused-place": _warning(
        ("No text names the place “{id}”, and no list shows it.", "Name it as {{place:{id}}}, or remove it."),
        ("Ningún texto nombra el lugar «{id}» ni sale en ninguna lista.", "Nómbralo como {{place:{id}}} o quítalo."),
    ),
    "unused-line": _warning(
        ("No text shows the help line “{id}”.", "Name it or one of its kinds in a text, hold it, or remove it."),
        ("Ningún texto muestra la línea «{id}».", "Nómbrala o nombra uno de sus tipos en un texto, retenla o quítala."),
    ),
    "unused-source": _warning(
        ("Nothing rests on the source “{id}”.", "Name it under “sources”, or remove it."),
        ("Nada se apoya en la fuente «{id}».", "Nómbrala en «sources» o quítala."),
    ),
    "unused-phrase": _warning(
        ("The program never says the phrase “{id}”.", "Remove it, unless an action of a partner says it."),
        ("El programa nunca dice la frase «{id}».", "Quítala, salvo que la diga una acción de otra organización."),
    ),
    "unused-question": _warning(
        ("Nobody is asked the question “{id}”.", "Name it under “ask”, or delete its file."),
        ("A nadie se le hace la pregunta «{id}».", "Nómbrala en «ask» o borra su archivo."),
    ),
    "unused-group": _warning(
        ("No condition uses the group “{id}”.", "Use it under “when” or “only”, or remove it."),
        ("Ninguna condición usa el grupo «{id}».", "Úsalo en «when» u «only», o quítalo."),
    ),
}
