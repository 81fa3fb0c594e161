"""Makes sense of what is neither a word nor exactly what was offered: near misses, answers to a question, places."""

from __future__ import annotations

from bot import handing_over, pace, replying
from bot.catalogue import CONSENT, COUNTRY_SLOT, HAND_OVER, NEAREST, THANKS, Catalogue, option_id
from bot.choosing import exactly, mentioned, nearly
from bot.folding import fold
from bot.following import answered, choose, standing
from bot.missing import cannot_read, where_they_stand
from bot.nearest import find_town
from bot.scene import Given, Scene
from bot.turn import Call, Turn

MAX_TOWN_WORDS = 4

Decision = Turn | Call | None


def nearly_offered(scene: Scene, folded: str) -> Decision:
    """A synonym or a small typo of what was offered."""
    option = nearly(scene, folded)
    return choose(scene, option) if option is not None else None


def answer_to_question(scene: Scene, folded: str) -> Decision:
    """The open question's own kind of answer."""
    asking = scene.session.asking
    if asking in (CONSENT, HAND_OVER):
        return _yes_or_no(scene, folded, asking)
    question = scene.catalogue.questions.get(asking)
    if question is None or not folded:
        return None
    if question.kind == "yes-no":
        return _yes_or_no(scene, folded, question.slot)
    if question.kind == "country":
        code = country_in(scene.catalogue, folded)
        return answered(scene, question, code) if code else None
    if question.kind == "place":
        town = find_town(scene.catalogue.towns.values(), scene.inbound.text)
        return replying.enter(scene, standing(scene), Given(town=town)) if town else None
    option = mentioned(scene, folded)
    return choose(scene, option) if option is not None else None


def _yes_or_no(scene: Scene, folded: str, slot: str) -> Decision:
    for list_ in ("yes", "no"):
        if scene.catalogue.words.says(list_, folded):
            return choose(scene, option_id(slot, list_))
    return None


def country_in(catalogue: Catalogue, folded: str) -> str:
    """The one country that a message names ("soy de Honduras"); "" for none or several."""
    names = catalogue.country_codes
    if folded in names:
        return names[folded]
    parts = folded.split()
    spans = {" ".join(parts[at : at + length]) for length in range(1, 5) for at in range(len(parts) - length + 1)}
    found = {names[span] for span in spans if span in names}
    return found.pop() if len(found) == 1 else ""


def desk_note(scene: Scene, folded: str) -> Decision:
    """The first note or the check word, where one was asked for."""
    return handing_over.noted(scene, folded)


def acknowledged(scene: Scene, folded: str) -> Decision:
    """ "Ok", "sí" or "no" when nothing was asked: no question, and no reason to say that it was not understood."""
    words = scene.catalogue.words
    if scene.session.asking or scene.first or not (words.says("yes", folded) or words.says("no", folded)):
        return None
    return replying.enter(scene, THANKS)


def without_text(scene: Scene, folded: str) -> Decision:
    """A location is a question for the nearest office; anything else that is not text is told what can be read."""
    location = scene.inbound.location
    if location is not None:
        given = Given(location.latitude, location.longitude)
        asking = scene.catalogue.questions.get(scene.session.asking)
        return replying.enter(scene, standing(scene) if asking and asking.kind == "place" else NEAREST, given)
    if folded or scene.inbound.text.strip():
        return None
    if scene.inbound.media:
        if pace.is_media_burst(scene):
            return replying.silence(scene, "photo_burst")
        scene = scene.with_session(media_s=scene.now_s, media=scene.inbound.media[0].value)
    return where_they_stand(scene, cannot_read(scene), outcome="no_text")


def says_where(scene: Scene, folded: str) -> Decision:
    """ "I am in Corozal", anywhere: kept as the side for two hours, and the page again with that side's numbers."""
    question = scene.catalogue.questions.get(COUNTRY_SLOT)
    starts = (start for starts in scene.catalogue.words.lists["i-am-in"].values() for start in starts)
    rest = next((folded.removeprefix(f"{start} ") for start in starts if folded.startswith(f"{start} ")), "")
    if question is None or not 0 < len(rest.split()) <= MAX_TOWN_WORDS:
        return None
    named = scene.with_session(offered=tuple(replying.options_of(scene, question)))
    option = exactly(named, rest) or nearly(named, rest) or mentioned(named, rest)
    town = find_town(scene.catalogue.towns.values(), rest)
    value = option.partition("=")[2] if option else scene.catalogue.towns[town].country if town else ""
    if value not in {option.value for option in question.options}:
        return None
    return answered(scene, question, value)


def town_alone(scene: Scene, folded: str) -> Decision:
    """A town's name and nothing else, out of the blue: somebody wants to know what is near."""
    if folded not in scene.catalogue.town_names or len(folded.split()) > MAX_TOWN_WORDS:
        return None
    town = find_town(scene.catalogue.towns.values(), scene.inbound.text)
    if town is None or folded not in town_names(scene.catalogue, town):
        return None
    return replying.enter(scene, NEAREST, Given(town=town))


def town_names(catalogue: Catalogue, town: str) -> tuple[str, ...]:
    """What a town is called, folded."""
    found = catalogue.towns[town]
    return (*(fold(name) for name in found.name.values()), *found.synonyms)
