"""Conversations as readable files: a test that content staff can read, argue with and write.

    # Why this conversation matters.
    channel: sms    language: en    at: 2026-11-22T15:00Z
    them> hello
    bot > Welcome …
        | the next line of the same message
     ...  node: main    segments: 2

The whole file is the expectation. Replaying the lines of "them" gives the file back, or shows what changed. Besides
text, "them" can send `[photo]`, `[voice]`, `[sticker]`, `[contact]`, `[location 18.50,-88.30]`, `[tap enter-mexico]`,
`[twilio STOP]` (Twilio has answered already), let time pass with `[wait 25h]`, and find the store gone with
`[store down]` until `[store back]`. Messages come 20 seconds apart; `[every 1s]` changes that. `language:` may be left out:
then the bot finds it out. `complaints: 30` says that a focal point is named, who has 30 days.

What happens at the desk stands in such lines too: `[advisor takes]`, `[advisor says] …`, `[advisor closes]`,
`[advisor silent]` (who had the chat no longer answers), `[nobody came]` (in the promised time), `[nobody wrote]` (for three
days), `[waiting for an advisor]` (as after asking for one). An advisor is on duty; `[desk 3 waiting, 1 on duty]` and
`[no desk]` say otherwise, `[hub Mon-Fri 09:00-17:00]` is as if the hub had confirmed these hours. `adv >` is what an
advisor wrote; under a reply stands what it did to the ticket.

`python -m webhook.transcripts --update` writes all files anew (or those named after it); read the difference.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import desk_turns, handoff, segments
from bot.catalogue import Catalogue
from bot.desk import NO_DESK, Desk
from bot.hours import parse_hours
from bot.inbound import Channel, Location, Media, OptOut
from bot.turn import State, Turn
from webhook.local import LocalTalk

THEM = "them> "
BOT = "bot > "
ADVISOR = "adv > "
MORE = "    | "
FACTS = " ...  "
PACE = timedelta(seconds=20)
SILENCE = "(silence)"

_HEADER = re.compile(r"(\w+):\s+(\S+)")
_DIRECTIVE = re.compile(r"\[(\w+)(?:\s+([^\]]+))?\]\s*(.*)")
_DESK = {
    ("advisor", "takes"): desk_turns.taken,
    ("advisor", "closes"): desk_turns.handed_back,
    ("advisor", "silent"): desk_turns.advisor_silent,
    ("nobody", "came"): desk_turns.not_taken,
    ("nobody", "wrote"): desk_turns.untouched,
}
_MEDIA = {
    "photo": Media.IMAGE,
    "voice": Media.VOICE,
    "video": Media.VIDEO,
    "sticker": Media.STICKER,
    "contact": Media.CONTACT,
    "file": Media.FILE,
}


class BadTranscript(ValueError):
    """A line of a transcript that cannot be replayed."""


@dataclass(frozen=True)
class Script:
    """What a transcript plays: how it is headed, and the lines of the person in order."""

    heading: tuple[str, ...]
    channel: Channel
    language: str
    at: datetime
    lines: tuple[str, ...]
    complaint_days: int = 0


def read_script(text: str) -> Script:
    """Take the person's part out of a transcript. Raises BadTranscript."""
    lines = text.splitlines()
    heading = tuple(line for line in lines if line.startswith("#"))
    header: dict[str, str] = dict(_HEADER.findall(next((line for line in lines if line.startswith("channel:")), "")))
    if "channel" not in header or "at" not in header:
        raise BadTranscript('The second line must read like "channel: sms    language: en    at: 2026-11-22T15:00Z".')
    return Script(
        heading,
        Channel(header["channel"]),
        header.get("language", ""),
        datetime.fromisoformat(header["at"].replace("Z", "+00:00")).astimezone(UTC),
        tuple(line.removeprefix(THEM.rstrip()).removeprefix(" ") for line in lines if line.startswith(THEM.rstrip())),
        _number(header.get("complaints", "0")),
    )


def replay(text: str, catalogue: Catalogue) -> str:
    """Play the person's lines against the catalogue and write the whole transcript anew."""
    script = read_script(text)
    return "\n".join([*script.heading, _header_line(script), *_played(script, catalogue)]) + "\n"


def replay_file(path: Path, catalogue: Catalogue) -> str:
    """The transcript that a file would be now."""
    return replay(path.read_text(encoding="utf-8"), catalogue)


def transcript_files(root: Path) -> list[Path]:
    """All transcripts of a project."""
    return sorted((root / "tests" / "transcripts").rglob("*.txt"))


def _header_line(script: Script) -> str:
    language = f"    language: {script.language}" if script.language else ""
    complaints = f"    complaints: {script.complaint_days}" if script.complaint_days else ""
    return f"channel: {script.channel.value}{language}    at: {script.at:%Y-%m-%dT%H:%MZ}{complaints}"


def _number(written: str) -> int:
    if not written.isdigit():
        raise BadTranscript(f'"{written}" is no number of days.')
    return int(written)


def _played(script: Script, catalogue: Catalogue) -> Iterator[str]:
    if script.complaint_days:
        catalogue = catalogue.taking_complaints(script.complaint_days)
    talk = LocalTalk(catalogue, script.channel, script.language, desk=Desk(on_duty=1))
    now, pace = script.at, PACE
    for line in script.lines:
        yield THEM + line if line else THEM.rstrip()
        name, value, rest = _directive(line)
        match name:
            case "wait":
                now += _duration(value)
            case "every":
                pace = _duration(value)
            case "store":
                talk.stateless = value == "down"
            case "waiting":
                talk.wait_for_advisor()
            case "desk" | "no":
                talk.desk = _desk(value) if name == "desk" else NO_DESK
            case "hub":
                talk.catalogue = _with_hub_hours(talk.catalogue, value, now.date())
            case "advisor" if value == "says":
                now += pace
                yield from _lines(ADVISOR, talk.advisor_says(rest))
            case "advisor" | "nobody":
                now += pace
                before = talk.state
                yield from _written(_happened(talk, name, value, now), script.channel, before)
            case _:
                now += pace
                before = talk.state
                yield from _written(talk.say(at=now, **_message(name, value, rest or line)), script.channel, before)


def _happened(talk: LocalTalk, name: str, value: str, at: datetime) -> Turn:
    turn = _DESK.get((name, value))
    if turn is None or not talk.state.session.ticket:
        raise BadTranscript(f"[{name} {value}] is not known, or nobody waits for an advisor.")
    return talk.at_the_desk(turn, at)


def _desk(text: str) -> Desk:
    """The desk that a line tells of: "3 waiting, 1 on duty, 2 talking". What is not named is 0."""
    counts = {name: int(number) for number, name in re.findall(r"(\d+) (waiting|talking|on duty)", text)}
    return Desk(counts.get("waiting", 0), counts.get("talking", 0), counts.get("on duty", 0))


def _with_hub_hours(catalogue: Catalogue, line: str, today: date) -> Catalogue:
    """The same catalogue with the hub confirmed today, open in these hours."""
    hub = catalogue.places["hub"]
    address = hub.address or dict.fromkeys(catalogue.languages, "Av. Héroes 1, Chetumal")
    hours = parse_hours(line.split("; "), hub.zone, "MX")
    confirmed = replace(hub, confirmed_on=today, address=address, hours=hours)
    return catalogue.with_places({**catalogue.places, "hub": confirmed})


def _directive(line: str) -> tuple[str, str, str]:
    match = _DIRECTIVE.fullmatch(line.strip())
    if match is None:
        return "", "", ""
    return match.group(1), match.group(2) or "", match.group(3)


def _message(name: str, value: str, text: str) -> dict[str, Any]:
    """The arguments of `LocalTalk.say` for one line."""
    match name:
        case "":
            return {"text": text}
        case "location":
            latitude, longitude = (float(part) for part in value.split(","))
            return {"text": "", "location": Location(latitude, longitude)}
        case "tap":
            return {"text": "", "tapped": value}
        case "twilio":
            return {"text": value, "opt_out": OptOut(value)}
        case "empty":
            return {"text": ""}
        case _ if name in _MEDIA:
            return {"text": "" if text.startswith("[") else text, "media": (_MEDIA[name],)}
        case _:
            raise BadTranscript(f"[{name}] is not known.")


def _duration(text: str) -> timedelta:
    number, unit = text[:-1], text[-1]
    if unit not in "smhd" or not number.isdigit():
        raise BadTranscript(f'"{text}" is no time to wait: write it like 25h or 30m.')
    return timedelta(seconds=int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit])


def _written(turn: Turn, channel: Channel, before: State) -> Iterable[str]:
    if turn.reply is None:
        danger = [f"danger: {turn.danger}"] if turn.danger else []
        return [BOT + SILENCE, FACTS + "    ".join([f"outcome: {turn.outcome}", *danger, *_ticket(turn, before)])]
    facts = [f"node: {turn.node or '-'}", f"language: {turn.language}"]
    if channel is Channel.SMS:
        facts.append(f"segments: {segments.count(turn.reply).segments}")
    if turn.danger:
        facts.append(f"danger: {turn.danger}")
    return [*_lines(BOT, turn.reply), FACTS + "    ".join([*facts, *_ticket(turn, before)])]


def _lines(who: str, text: str) -> list[str]:
    first, *more = text.splitlines() or [""]
    return [(who + first).rstrip(), *((MORE + line).rstrip() for line in more)]


def _ticket(turn: Turn, before: State) -> list[str]:
    """What a turn did to the ticket, and whose turn it is to answer, where that is another one now."""
    facts = [_EFFECTS[effect.kind](effect.fields) for effect in handoff.effects_of(turn.effects)]
    after = turn.state.session.owner
    if after is not before.session.owner:
        facts.append(f"answers now: {after.name.lower()}")
    return facts


_EFFECTS: dict[str, Callable[[Mapping[str, str]], str]] = {
    handoff.OPENED: lambda fields: "    ".join(
        f"{name}: {fields[key] or '-'}"
        for name, key in (("ticket opened, topic", "topic"), ("danger", "danger"), ("steps", "path"))
        if fields[key] or key == "topic"
    ),
    handoff.SAID: lambda fields: "joins ticket" + (" as first note" if fields["note"] else ""),
    handoff.RAISED: lambda fields: "ticket raised",
    handoff.CHECK_WORD: lambda fields: "ticket: check word",
    handoff.SAFE_TIME: lambda fields: f"ticket: safe time {fields['value']}",
    handoff.SPEAKS: lambda fields: f"ticket: language {fields['language']}",
    handoff.LEFT: lambda fields: f"ticket ended: {fields['why']}",
}


def update(files: Iterable[Path], catalogue: Catalogue) -> list[Path]:
    """Write transcripts anew as the bot talks now. Gives those that changed."""
    changed = []
    for path in files:
        before, after = path.read_text(encoding="utf-8"), replay_file(path, catalogue)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


def main(arguments: list[str]) -> int:
    """Rewrite with `--update`; without it, only say which files would change, and end with 1 if any would."""
    from bot.loading import load_catalogue
    from webhook.learned import Models
    from webhook.settings import CHECKOUT

    catalogue = Models(CHECKOUT / "var" / "understanding", CHECKOUT).learned(
        load_catalogue(CHECKOUT, show_unconfirmed=True), print
    )
    files = [Path(name) for name in arguments if name != "--update"] or transcript_files(CHECKOUT)
    if "--update" in arguments:
        changed = update(files, catalogue)
    else:
        changed = [path for path in files if replay_file(path, catalogue) != path.read_text(encoding="utf-8")]
    for path in changed:
        print(path)
    return 0 if "--update" in arguments or not changed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
