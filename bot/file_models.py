"""The shapes of the files that staff edit. The JSON Schemas for editors are generated from these same definitions."""

from builtins import list as List  # noqa: N812
from datetime import date as Day  # noqa: N812  # `date` and `list` are keys of the files
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
FactId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Texts = dict[str, str]
"""A text in every language: `en`, `es`, and whatever `content/languages.yaml` names."""


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _texts_or_same(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


Many = Annotated[list[str], BeforeValidator(_one_or_many, json_schema_input_type=list[str] | str)]
Ids = Annotated[list[Id], BeforeValidator(_one_or_many, json_schema_input_type=list[Id] | Id)]
TextsOrSame = Annotated[Texts, BeforeValidator(_texts_or_same, json_schema_input_type=Texts | str)]
"""A text in every language, or one text that is the same in all."""


class Shape(BaseModel):
    """A file or part of one. Keys it does not know are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ParagraphShape(BaseModel):
    """A paragraph: `only` (conditions), and the text in every language."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str]

    only: dict[str, str] = {}


class ReviewedShape(Shape):
    """What rests on a source, and must be held against it again."""

    sources: list[Id] = []
    checked: Day | None = None
    review_by: Day | None = None


class AnswerFile(ReviewedShape):
    """One answer, menu heading or page: `content/<topic>/<id>.yaml`."""

    label: Texts
    synonyms: Texts = {}
    text: list[ParagraphShape] = []
    sms: Texts | None = None
    people_ask: Texts = {}
    sensitive: bool = False
    confirm_locally: bool = False


class RouteShape(Shape):
    """One way on after a question. Without `when` it is the way of all other cases."""

    when: dict[str, str] = {}
    go: Id


class NodeShape(Shape):
    """What may happen at one node: `flows/*.yaml` maps ids to these."""

    menu: list[Id] = []
    ask: Ids = []
    then: list[RouteShape] = []
    next: list[Id] = []
    action: str = ""
    hide_when: dict[str, str] = {}
    instead: str = ""


class OptionShape(Shape):
    """One answer to a question."""

    value: Id
    label: Texts
    synonyms: Texts = {}


class QuestionFile(Shape):
    """A question that fills a slot: `content/questions/<slot>.yaml`."""

    kind: Literal["choice", "country", "place", "yes-no"]
    text: Texts
    options: list[OptionShape] = []
    keeps: Annotated[str, StringConstraints(pattern=r"^[0-9]+ ?(m|h)$")] = "2h"
    personal: bool = False


class TextsShape(Shape):
    text: TextsOrSame


class FactShape(ReviewedShape):
    """A fact of `content/facts.yaml`: exactly one of amount, number, date, text, list."""

    amount: Decimal | None = None
    currency: Literal["MXN", "BZD", "USD"] | None = None
    number: Decimal | None = None
    unit: Literal["day", "week", "month", "year", "hour", "minute", "kilometre", "percent"] | None = None
    date: Day | None = None
    text: TextsOrSame | None = None
    list: List[TextsOrSame] | None = None
    note: str = ""


class SourceShape(Shape):
    """A source of `content/sources.yaml`. `name` is the short form under an answer."""

    name: TextsOrSame
    title: str
    publisher: str = ""
    url: str = "unknown"
    date: str = "unknown"
    note: str = ""


class ConfirmedShape(Shape):
    """Who has tried it, when, and how (a call, a visit)."""

    on: Day
    by: str
    how: str


Side = Literal["mexico", "belize"]


class PlaceShape(ReviewedShape):
    """A place of `content/places.yaml`."""

    name: TextsOrSame
    country: Side
    kinds: list[Id] = []
    address: TextsOrSame = {}
    phones: Many = []
    whatsapp: str = ""
    email: str = ""
    hours: Many = ["unknown"]
    zone: Literal["America/Cancun", "America/Belize", "America/Mexico_City"] = "America/Cancun"
    holidays: Literal["MX", "BZ", ""] = ""
    closed: list[Day] = []
    town: str = ""
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    languages: list[str] = []
    confirmed: ConfirmedShape | None = None
    note: str = ""


class TownShape(Shape):
    """A town of `content/towns.yaml`, for people who type where they are."""

    name: TextsOrSame
    synonyms: str = ""
    country: str
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class LineShape(ReviewedShape):
    """A help line of `content/helplines.yaml`. `number` is as dialled in each country."""

    name: TextsOrSame
    country: Literal["mexico", "belize", "other"]
    kinds: list[Id]
    number: dict[Side, str] = {}
    whatsapp: str = ""
    hours: Many = ["unknown"]
    zone: Literal["America/Cancun", "America/Belize", "America/Mexico_City"] | None = None
    languages: list[str] = []
    anonymous: Literal["yes", "no", "unknown"] = "unknown"
    always: bool = False
    confirmed: ConfirmedShape | None = None
    held: str = ""
    note: str = ""


class NoticeShape(Shape):
    """An urgent notice of `content/notices.yaml`, on top of what it concerns from `from` to `until` (both included)."""

    id: Id
    text: Texts
    from_: Day = Field(alias="from")
    until: Day
    topics: list[Id] = []
    places: list[Id] = []


class LanguageShape(Shape):
    """A language of `content/languages.yaml`: its own name for menus, and the locale of its numbers and dates."""

    name: str
    locale: str


class WordShape(Shape):
    """The words of one command of `content/words.yaml`, by language."""

    go: str = ""
    words: Texts


class DangerShape(Shape):
    """The patterns that lead to one danger answer: those that are certain, and weaker signs."""

    certain: str = ""
    possible: str = ""


class DangerFile(BaseModel):
    """The danger lexicon of one language, `content/danger/<language>.yaml`: sets, patterns by answer, idioms."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, DangerShape]

    sets: dict[Id, str] = {}
    not_danger: str = ""

    @property
    def kinds(self) -> dict[str, DangerShape]:
        """The patterns by the answer they lead to."""
        return self.__pydantic_extra__


class CriesShape(Shape):
    """Emergency words of a language that the service does not speak, by the danger answer they lead to."""

    name: str
    checked_by: str
    has_spaces: bool = True
    words: dict[Id, str]


class VocabularyFile(Shape):
    """How people write, in `content/vocabulary.yaml`: one word or name a line; spellings as "wahn = want"."""

    courtesy: Texts = {}
    spellings: Texts = {}
    slots: dict[Id, Texts] = {}
    directions: dict[Literal["to", "from", "in"], Texts] = {}


class NotCoveredShape(Shape):
    """A kind of question that has no answer here: what is said of it, and examples (`content/not-covered.yaml`)."""

    text: Texts
    people_ask: Texts


class SavedReplyShape(Shape):
    """Words that advisors send often, in `content/saved-replies.yaml`: a name for the list, and the text in every language."""

    label: Texts
    text: Texts


FILES: dict[str, Any] = {
    "answer": AnswerFile,
    "question": QuestionFile,
    "flow": dict[Id, NodeShape],
    "facts": dict[FactId, FactShape],
    "sources": dict[Id, SourceShape],
    "places": dict[Id, PlaceShape],
    "towns": dict[Id, TownShape],
    "helplines": dict[Id, LineShape],
    "groups": dict[Id, list[str]],
    "notices": list[NoticeShape],
    "languages": dict[str, LanguageShape],
    "words": dict[Id, WordShape],
    "phrases": dict[str, Texts],
    "danger": DangerFile,
    "emergency-words": dict[str, CriesShape],
    "vocabulary": VocabularyFile,
    "not-covered": dict[Id, NotCoveredShape],
    "saved-replies": dict[Id, SavedReplyShape],
}
"""Every kind of file, by the name its schema bears."""
