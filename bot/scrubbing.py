"""Takes out of a text what could tell who wrote it, so that it can be kept without identity (design §6).

Out go numbers of four digits and more however they are spelt, codes as on documents, e-mails, links, @handles, and the
names that people give of themselves and theirs. Where it cannot be told, more goes rather than less: an editor can do
without a word, a person cannot take back a name.
"""

import re
import unicodedata

from bot.folding import MAX_READ, fold
from bot.given_names import GIVEN, SURNAMES

MAX_KEPT = 300
"""Characters that are kept of a text."""

GONE = "…"
"""Stands where something was taken out."""

# --- what is written with signs and digits --------------------------------------------------------------------------

_PROVIDERS = r"(?:g\s?mail|hot\s?mail|yahoo|outlook|icloud|live|proton(?:mail)?)"
_DOT = r"\s*(?:\.|\b(?:punto|dot)\b)\s*"
_MAIL = re.compile(
    rf"[\w.+-]+@[\w-]+(?:{_DOT}[\w-]+)*"
    rf"|[\w.+-]+\s*(?:@|[(\[]\s*at\s*[)\]]|\barroba\b)\s*[\w-]+(?:{_DOT}[\w-]+)+"
    rf"|[\w.+-]+\s+(?:at\s+)?{_PROVIDERS}(?:{_DOT}\w+)+",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"@\s*[\w.-]+")
_LINK = re.compile(
    r"\b(?:https?|ftp)\s*:/*\S*|\bwww\.\S*|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|edu|gob|gov|int|mx|bz|gt|hn|app|link)\b\S*",
    re.IGNORECASE,
)

_NUMBER_WORDS = """
cero uno un una dos tres cuatro quatro kuatro cinco sinco seis siete ocho nueve diez dies once onse doce dose trece
trese catorce katorce quince kinse dieciseis diecisiete dieciocho diecinueve veinte beinte veintiuno veintiun
veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve treinta cuarenta cincuenta
sesenta setenta ochenta noventa cien ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos
ochocientos novecientos mil zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen twenty thirty forty fourty fifty sixty seventy eighty ninety hundred
thousand double triple wan chree tree foa faiv
"""
_COUNTED = rf"(?:(?<!\d)\d++|\b(?:{'|'.join(sorted(_NUMBER_WORDS.split(), key=len, reverse=True))})\b)"
_BETWEEN = rf"(?:[^\w{GONE}]|_){{0,4}}"
_JOINING = r"(?:\b(?:y|and|guion|guión|dash|raya|espacio|space|mas|más|plus)\b)?"
_DIGITS = re.compile(rf"[+(#]*\d(?:{_BETWEEN}\d){{3,}}")
_SPELT = re.compile(rf"{_COUNTED}(?:{_BETWEEN}{_JOINING}{_BETWEEN}{_COUNTED}){{3,}}", re.IGNORECASE)
_CODE = re.compile(r"\b(?=[\w/-]*[^\W\d_])(?=(?:[\w/-]*?\d){3})[\w/-]+")
_TIME = re.compile(r"(?:[01]?\d|2[0-3])\s?[:.]\s?[0-5]\d")


def _phrases(text: str) -> tuple[list[str], ...]:
    """Phrases with commas between as folded words, the longest first."""
    phrases = ([fold(word) for word in phrase.split()] for phrase in text.split(","))
    return tuple(sorted(filter(None, phrases), key=len, reverse=True))


# --- names -----------------------------------------------------------------------------------------------------------

_INTRODUCED_WORDS = """
me llamo, me yamo, me iamo, mi llamo, m llamo, me llaman, me yaman, me llama, mellamo, me dicen, me disen, se llama,
se yama, se llaman, se yaman, se llamaba, llamado, yamado, de nombre, mi nombre es, mi nombre
completo es, mi nombre, mi nonbre es, mi nombr es, mi nombres, mi nombres es, mi nombre e, mi nomre es, su nombre es,
sus nombres son, nombre es, nombre completo, nombre, nombres, mi apellido es, apellido es, apellido, apellidos, a
nombre de, atte, atentamente, de parte de, my name is, my names is, my name, my names, my name's, my nam is, my naem
is, mi name is, my nme is, my full name is, full name is, full name, name is, his name is, her name is, his name, her
name, their names are, first name, last name, surname, i am called, i'm called, im called, am called, they call me,
people call me, call me, is called, named, names are, mi naym da, mi naym, mi nayhn da, mi name da, mi naim da, mi nem
da, ih naym da, ih naym, ih name da, naym da, name da, dehn kaal mi, dem call mi, dehn call mi
"""
_INTRODUCED = _phrases(_INTRODUCED_WORDS)
"""After these comes a name, however it is written."""

_WEAK_WORDS = """
soy, yo soy, soi, yo soi, zoy, aqui, le habla, les habla, te habla, habla, le escribe, les escribe, te escribe,  le
saluda, les saluda, this is, dis is, dis da, i am, i'm, im, mi da, da mi, it's, its, here is, am, it's me, its me ,
"""
_WEAK = _phrases(_WEAK_WORDS)
"""After these may come a name, or a country, or a trade."""

_KIN_WORDS = """
hijo hija hijos hijas ijo ija esposo esposa marido mujer novio novia pareja hermano hermana ermano ermana mama mami
papa papi madre padre tio tia primo prima abuelo abuela sobrino sobrina suegro suegra cunado cunada nieto nieta amigo
amiga vecino vecina patron patrona jefe jefa companero companera senor senora don dona doctor doctora licenciado
licenciada abogado abogada pastor maestro maestra son daughter husband wife boyfriend girlfriend brother sister bredda
sista mother father mom dad mum uncle aunt auntie cousin grandma grandpa grandmother grandfather granny nephew niece
friend boss neighbor neighbour baby pikni mista mister mr mrs ms miss misses dr sir teacher lawyer
"""
_KIN = frozenset(map(fold, _KIN_WORDS.split()))
"""Before these comes "my", "his", "the"; after them may come a name."""

_NO_NAME_WORDS = """
a al algo ahi alla alli and am an ando ante antes are as asi asking at ayuda ayudame ayer aun aunque bien born boss
bueno buenas buenos busco but by cada can casi che como con cual cuando cuanto cuantos cree creo da de deh dehn del
desde dice dicen digo disculpa disculpe do does donde e el ella ellas ellos en era eres es esa ese eso esta estaba
estamos estan este esto estoy fi for from fue fui fu gat get give goh going good gracias gustaria ha hace hacer hago
hasta have has hay he hello help her here hi him his hola how i igual if ih im in in's is it its ja k ke kan kohn
frahn like live lives living looking la las le les lo los llegue llego mas me mi mientras mio mis misma mismo mucho
muy my na nada nadie necesita necesito need needs never no nor noh nos not nunca o ocupo of old on or otra otro pa pan
para pero pleez please pls por porfa porque pregunta pregunto puede puedo pues q que quien quiere quiero kiero
quisiera queria re s sabe saber sabes se sea seh she should si sin sobre solo some soy su sus tal tambien tengo
tenemos teno that the them then there they tiene tienen to toda todo trabajo trabaja tu u un una unas unos up vengo
vine viven vive vivo viaje voy waan wahn want wants was we weh when where which who will with work works working would
xq y ya yo you your years anos ano edad age aged soltero soltera casado casada menor mayor only just also now right
correct wrong misspelt misspelled spelled different written called unu mek aks sometimes still asked asks says said
told went came come comes left lost cannot cant could did having been being had were permiso permit visa pasaporte
passport tarjeta card papeles papers documento documentos document documents frontera border mexico belize belice
mexicano mexicana urgente urgent back show shows down appear appears over far later tomorrow again first next out off
put puts uno ni retired collect into so cuelga piden drives phones sends brings takes tells always
"""
_NO_NAME = frozenset(map(fold, _NO_NAME_WORDS.split()))
"""Words that are no name, and end one."""

_KEPT_WORDS = """
hondureno hondurena hondureños catracho catracha beliceno belicena belizeno belizena belizean belize belice
guatemalteco guatemalteca chapin chapina salvadoreno salvadorena guanaco guanaca nicaraguense nica cubano cubana
haitiano haitiana venezolano venezolana colombiano colombiana ecuatoriano ecuatoriana peruano peruana mexicano
mexicana costarricense tico tica panameno panamena dominicano dominicana americano americana gringo gringa espanol
espanola chino china indio india hindu africano africana jamaiquino jamaiquina brasileno brasilena argentino argentina
boliviano boliviana chileno chilena uruguayo paraguayo canadiense centroamericano centroamericana extranjero
extranjera migrante inmigrante refugiado refugiada residente ciudadano ciudadana indigena maya mestizo mestiza
garifuna creole kriol menonita yucateco yucateca quintanarroense chiapaneco chiapaneca chetumaleno honduran guatemalan
salvadoran salvadorean nicaraguan cuban haitian venezuelan colombian mexican american jamaican chinese indian african
canadian dominican foreigner migrant immigrant refugee resident citizen tourist student turista estudiante trabajador
trabajadora jornalero jornalera campesino campesina albanil mesero mesera cocinero cocinera empleada empleado
enfermera enfermero maestra maestro profesor profesora doctor doctora abogado abogada comerciante vendedor vendedora
chofer mecanico carpintero ganadero agricultor pescador soldador guardia obrero obrera nino nina joven mujer hombre
madre padre mama papa hijo hija hermano hermana viuda viudo soltera soltero casada casado embarazada pregnant single
married nuevo nueva new pobre poor legal ilegal illegal sick scared afraid lost stuck hungry tired honduras guatemala
salvador mexico nicaragua cuba haiti venezuela colombia urgente urgent important emergency bad true false serious real
confusing wrong right about why what how all
"""
_KEPT_AFTER_SOY = frozenset(map(fold, _KEPT_WORDS.split()))
_NATION = re.compile(r"(?:ense|eno|ena|teco|teca|ean)s?$")

_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
_NAME_GAP = re.compile(r"[\s:=,;.\"'“”()*_-]*")
_NAME_OPENS = re.compile(r"[\s:=\"'“”()*_-]*")
_PARTICLES = frozenset(("de", "del", "la", "las", "los", "y", "van", "saint"))
_MOST_PARTS = 4
_SAINTS = frozenset(("san", "santa", "santo", "st", "saint", "villa", "puerto", "colonia", "calle"))


def scrubbed(text: str) -> str:
    """A text without what could tell who wrote it; `GONE` stands for what was taken out. At most `MAX_KEPT` characters."""
    plain = GONE.join(_plain(part) for part in text[:MAX_READ].split(GONE))
    for pattern in (_MAIL, _LINK, _HANDLE):
        plain = pattern.sub(GONE, plain)
    plain = _CODE.sub(GONE, plain)
    plain = _DIGITS.sub(_unless_time, plain)
    plain = _SPELT.sub(GONE, plain)
    plain = _without_names(plain)
    return _shortened(_joined(plain))


def _plain(text: str) -> str:
    """Plain forms: full-width and keycap digits become digits, control characters spaces, invisible characters go."""
    wide = unicodedata.normalize("NFKC", text.replace("\N{KEYCAP TEN}", "10"))
    visible = (char for char in wide if unicodedata.category(char) not in {"Cf", "Me", "Cs", "Co", "Cn"})
    digits = "".join(str(unicodedata.decimal(char, char)) for char in visible if not "\ufe00" <= char <= "\ufe0f")
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in digits)


def _unless_time(match: re.Match[str]) -> str:
    return match.group() if _TIME.fullmatch(match.group()) else GONE


def _joined(text: str) -> str:
    """Several gaps in a row as one, spaces in order."""
    return " ".join(re.sub(rf"{GONE}(?:[\s,;:.()/+#-]*{GONE})+", GONE, text).split())


def _shortened(text: str) -> str:
    if len(text) <= MAX_KEPT:
        return text
    return text[: MAX_KEPT + 1].rsplit(" ", 1)[0][:MAX_KEPT].rstrip()


class _Words:
    """The words of a text with their places, and whether its capitals tell anything."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = list(_WORD.finditer(text))
        self.folded = [fold(match.group()) for match in self.found]
        big = [match.group()[0].isupper() for match in self.found if len(match.group()) > 1]
        self.capitals_tell = sum(big) <= max(2, len(big) / 2) and text != text.upper()

    def says(self, at: int, phrase: list[str]) -> bool:
        return self.folded[at : at + len(phrase)] == phrase

    def is_capital(self, at: int) -> bool:
        return self.capitals_tell and self.found[at].group()[0].isupper()

    def follows(self, at: int, gap: re.Pattern[str]) -> bool:
        """Whether a word comes right after the one before it."""
        if at >= len(self.found) or at == 0:
            return False
        return gap.fullmatch(self.text, self.found[at - 1].end(), self.found[at].start()) is not None


def _without_names(text: str) -> str:
    words = _Words(text)
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(words.found):
        first, strong = _where_a_name_begins(words, at)
        if first >= 0:
            spans.append((first, _end_of_name(words, first, strong=strong)))
        at = spans[-1][1] if first >= 0 else at + 1
    for first, end in reversed(spans):
        text = text[: words.found[first].start()] + GONE + text[words.found[end - 1].end() :]
    return text


def _where_a_name_begins(words: _Words, at: int) -> tuple[int, bool]:
    """The place at which a name begins that is announced here, and whether surely; (-1, False) for none."""
    for phrase in _INTRODUCED:
        after = at + len(phrase)
        if words.says(at, phrase) and words.follows(after, _NAME_OPENS) and _may_be_name(words, at, after):
            return after, True
    for phrase in _WEAK:
        after = at + len(phrase)
        if not words.says(at, phrase) or not words.follows(after, _NAME_OPENS):
            continue
        if _looks_like_name(words, after) or _comes_from_somewhere(words, after):
            return after, False
    if words.folded[at] in _KIN and words.follows(at + 1, _NAME_OPENS) and _looks_like_name(words, at + 1):
        return at + 1, False
    if _is_full_name(words, at):
        return at, False
    return -1, False


def _may_be_name(words: _Words, at: int, after: int) -> bool:
    """Whether a name follows on "se llama", which in "como se llama …" asks for the name of a thing."""
    is_asked = at > 0 and words.folded[at - 1] in ("como", "komo", "cmo", "que", "what")
    return words.folded[after] in GIVEN or not (is_asked or words.folded[after] in _NO_NAME)


def _looks_like_name(words: _Words, at: int) -> bool:
    folded = words.folded[at]
    if folded in GIVEN:
        return True
    is_other = folded in _NO_NAME or folded in _KEPT_AFTER_SOY or folded in _KIN or _NATION.search(folded) is not None
    return words.is_capital(at) and not is_other and len(folded) > 1


def _comes_from_somewhere(words: _Words, at: int) -> bool:
    """ "im tevin from orange walk": of a trade or a country people say "and", or nothing."""
    if not words.follows(at + 1, _NAME_GAP) or words.folded[at + 1] not in ("from", "frahn", "fram"):
        return False
    folded = words.folded[at]
    return folded not in _NO_NAME | _KEPT_AFTER_SOY | _KIN and not folded.endswith(("ing", "an"))


def _is_full_name(words: _Words, at: int) -> bool:
    """ "Juan Pérez", with capitals, in the middle of anything; not "San Juan"."""
    if words.folded[at] not in GIVEN or (at > 0 and words.folded[at - 1] in _SAINTS):
        return False
    if not words.follows(at + 1, re.compile(r"\s")):
        return False
    if words.is_capital(at) and words.is_capital(at + 1) and words.folded[at + 1] not in _NO_NAME:
        return True
    return words.folded[at + 1] in SURNAMES and words.folded[at + 1] not in _NO_NAME | {"may", "paz", "guy", "hall"}


def _end_of_name(words: _Words, first: int, *, strong: bool) -> int:
    """The place after its last word."""
    end, parts = first + 1, 1
    while parts < _MOST_PARTS:
        over = end
        while words.follows(over, _NAME_GAP) and words.folded[over] in _PARTICLES:
            over += 1
        if not words.follows(over, _NAME_GAP) or not _goes_on(words, over, strong=strong and over == end):
            break
        end, parts = over + 1, parts + 1
    return end


def _goes_on(words: _Words, at: int, *, strong: bool) -> bool:
    """Whether a word is a further part of a name."""
    folded = words.folded[at]
    if folded in GIVEN or folded in SURNAMES:
        return True
    if folded in _NO_NAME or folded in _KEPT_AFTER_SOY or folded in _KIN or _NATION.search(folded):
        return False
    return strong or words.is_capital(at)
