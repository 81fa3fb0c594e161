"""Changed files: a good change counts for everybody, a faulty one for nobody, and says why."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.loading import content_version, load_catalogue
from tests import learned_world
from tests.twilio_samples import message
from tests.webhook_world import Caller, app_for, settings_for
from webhook.app import load_content
from webhook.observe import Metrics
from webhook.reload import (
    AGAIN_AFTER_LOOKS,
    CatalogueHolder,
    CheckUnfinished,
    LastGood,
    Reloader,
    SharedCheck,
    Verdict,
    fingerprint,
)
from webhook.settings import CHECKOUT

LINE = "tests changed this line"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the project's content that a test may edit."""
    folder = tmp_path / "project"
    for name in ("flows", "content"):
        shutil.copytree(CHECKOUT / name, folder / name)
    return folder


@pytest.fixture
def holder(root: Path) -> CatalogueHolder:
    return CatalogueHolder(load_catalogue(root, show_unconfirmed=True))


Reload = Callable[..., Reloader]


@pytest.fixture
def reloader(root: Path, holder: CatalogueHolder) -> Reload:
    def make(check: Callable[[Path, str], Verdict] = lambda root, version: Verdict(True), **more: object) -> Reloader:
        return Reloader(holder, root, show_unconfirmed=True, check=check, **more)

    return make


def edit(root: Path) -> None:
    """Change one answer, in a way that stays right."""
    file = root / "content" / "service" / "thanks.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"# {LINE}\n", encoding="utf-8")


def spoil(root: Path) -> Path:
    """Make one answer unreadable."""
    file = root / "content" / "service" / "thanks.yaml"
    file.write_text("text: [\n", encoding="utf-8")
    return file


def test_nothing_happens_while_nothing_changes(root: Path, reloader: Reload, holder: CatalogueHolder) -> None:
    """Looking every second must cost next to nothing."""
    checked: list[str] = []
    watching = reloader(lambda root, version: checked.append(version) or Verdict(True))
    before = holder.current
    assert not any(watching.tick() for _ in range(3))
    assert holder.current is before
    assert checked == []


def test_a_change_counts_once_it_has_settled(root: Path, reloader: Reload, holder: CatalogueHolder) -> None:
    """An editor who saves five files gets one check, not five."""
    checked: list[str] = []
    watching = reloader(lambda root, version: checked.append(version) or Verdict(True))
    edit(root)
    assert not watching.tick()
    assert watching.tick()
    assert not watching.tick()
    assert checked == [holder.current.version] == [content_version(root)]
    assert holder.reasons == ()


def test_a_new_and_a_removed_file_count_as_changes(root: Path, reloader: Reload, holder: CatalogueHolder) -> None:
    """As in every folder."""
    before = fingerprint(root)
    new = root / "content" / "service" / "new-answer.yaml"
    shutil.copy(root / "content" / "service" / "thanks.yaml", new)
    with_new = fingerprint(root)
    new.unlink()
    assert fingerprint(root) == before != with_new


def test_a_faulty_change_keeps_the_last_good_one_and_says_why(
    root: Path, reloader: Reload, holder: CatalogueHolder
) -> None:
    """A typing error in a file must not reach a person, and the editor must hear of it."""
    watching = reloader()
    before = holder.current
    good = (root / "content" / "service" / "thanks.yaml").read_text(encoding="utf-8")
    file = spoil(root)
    assert not any(watching.tick() for _ in range(3))
    assert holder.current is before
    assert any(reason.startswith("content/service/thanks.yaml:") for reason in holder.reasons)
    file.write_text(good, encoding="utf-8")
    assert not any(watching.tick() for _ in range(2))
    assert holder.current is before
    assert holder.reasons == ()


def test_what_the_full_check_refuses_is_not_shown(root: Path, reloader: Reload, holder: CatalogueHolder) -> None:
    """A reply over three segments loads well, and must not be sent all the same."""
    checked: list[str] = []
    refusal = Verdict(False, ("content/x.yaml:3: It is too long. Shorten it.",))
    watching = reloader(lambda root, version: checked.append(version) or refusal)
    before = holder.current
    edit(root)
    assert not any(watching.tick() for _ in range(5))
    assert (holder.current, holder.reasons, len(checked)) == (before, refusal.reasons, 1)


def test_a_check_that_did_not_finish_is_tried_again(root: Path, reloader: Reload, holder: CatalogueHolder) -> None:
    """A busy machine is no fault of the editor's."""
    answers = iter([CheckUnfinished("The check did not finish."), Verdict(True)])

    def check(root: Path, version: str) -> Verdict:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watching = reloader(check)
    edit(root)
    assert not any(watching.tick() for _ in range(AGAIN_AFTER_LOOKS))
    assert holder.reasons == ("The check did not finish.",)
    assert watching.tick() or watching.tick()
    assert holder.reasons == ()


def test_a_save_while_the_check_runs_is_judged_as_well(root: Path, reloader: Reload, holder: CatalogueHolder) -> None:
    """What was checked and what is shown must be the same files."""

    def check(checked_root: Path, version: str) -> Verdict:
        if not (root / "marker").exists():
            (root / "marker").touch()
            edit(root)
        return Verdict(True)

    watching = reloader(check)
    edit(root)
    assert [watching.tick() for _ in range(4)].count(True) == 1
    assert holder.current.version == content_version(root)


def test_the_outcome_is_counted_and_logged_without_content(
    root: Path, reloader: Reload, capfd: pytest.CaptureFixture
) -> None:
    """The log says which file and line, not what stands there."""
    metrics = Metrics()
    watching = reloader(metrics=metrics)
    spoil(root).write_text("text: private words [\n", encoding="utf-8")
    for _ in range(3):
        watching.tick()
    logged = capfd.readouterr()
    assert 'reloads_total{result="refused"} 1.0' in metrics.exposition().decode()
    assert "content_refused" in logged.err + logged.out
    assert "private words" not in logged.err + logged.out


# --- one check for all processes ---------------------------------------------------------------------------------

COUNTING = """
import json, pathlib, sys, time
with open(sys.argv[1], "a") as runs:
    runs.write("run\\n")
time.sleep(0.3)
fault = {"file": "content/a.yaml", "line": 2, "what": "It is wrong.", "mend": "Mend it.", "severity": "error"}
warning = dict(fault, what="It is old.", severity="warning")
print(json.dumps([warning, fault]))
sys.exit(int(sys.argv[2]))
"""

ASKING = """
import sys
from pathlib import Path
from webhook.reload import SharedCheck
verdict = SharedCheck(Path(sys.argv[1]), tuple(sys.argv[3:]))(Path(sys.argv[2]), "v1")
print(verdict.passed, *verdict.reasons)
"""


def test_the_check_runs_once_for_all_processes(tmp_path: Path) -> None:
    """It takes seconds of a core: eight workers must not each run it."""
    runs = tmp_path / "runs"
    command = [sys.executable, "-c", ASKING, str(tmp_path / "var"), str(tmp_path)]
    check = [sys.executable, "-c", COUNTING, str(runs), "1"]
    asking = [subprocess.Popen([*command, *check], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) for _ in range(4)]
    said = {process.communicate()[0] for process in asking}
    assert said == {"False content/a.yaml:2: It is wrong. Mend it.\n"}
    assert runs.read_text() == "run\n"


def test_the_verdict_is_that_of_the_command(tmp_path: Path) -> None:
    """Exit status 0 passes; a crash is no verdict, and is not remembered as one."""
    passing = SharedCheck(tmp_path / "a", (sys.executable, "-c", COUNTING, str(tmp_path / "runs"), "0"))
    assert passing(tmp_path, "v1") == Verdict(True)
    crashing = SharedCheck(tmp_path / "b", (sys.executable, "-c", "raise SystemExit(1)"))
    for _ in range(2):
        with pytest.raises(CheckUnfinished):
            crashing(tmp_path, "v1")
    assert not list((tmp_path / "b").rglob("*.json"))


def test_only_the_newest_verdicts_are_kept(tmp_path: Path) -> None:
    """An editor saves thousands of times."""
    check = SharedCheck(tmp_path, ("true",))
    for number in range(30):
        check(tmp_path, f"v{number}")
    verdicts = list((tmp_path / "checks").glob("*.json"))
    assert len(verdicts) == 20
    assert json.loads((tmp_path / "checks" / "v29.json").read_text()) == [True, []]


# --- starting while the files are faulty -------------------------------------------------------------------------


def test_a_process_that_starts_during_a_faulty_edit_serves_what_was_good(root: Path, tmp_path: Path) -> None:
    """A worker that dies at the wrong moment must come up again, or nobody is answered."""
    settings = settings_for(tmp_path / "var", root=root)
    good = load_content(settings, LastGood(settings.var), learned_world.MODELS).current.version
    spoil(root)
    holder = load_content(settings, LastGood(settings.var), learned_world.MODELS)
    assert holder.current.version == good
    assert any(reason.startswith("content/service/thanks.yaml:") for reason in holder.reasons)
    copies = [entry.name for entry in (tmp_path / "var" / "last-good").iterdir() if entry.is_dir()]
    assert copies == [good]


def test_without_anything_good_it_does_not_start(root: Path, tmp_path: Path) -> None:
    """The first start is the operator's to mend."""
    from bot.faults import ContentFaults

    spoil(root)
    with pytest.raises(ContentFaults, match=r"thanks\.yaml"):
        load_content(settings_for(tmp_path / "var", root=root), LastGood(tmp_path / "var"), learned_world.MODELS)


def test_the_copy_follows_the_last_switch(
    root: Path, tmp_path: Path, reloader: Reload, holder: CatalogueHolder
) -> None:
    """And an older copy goes, so that the folder does not grow."""
    last_good = LastGood(tmp_path / "var")
    last_good.keep(root, holder.current.version)
    watching = reloader(last_good=last_good)
    edit(root)
    assert any(watching.tick() for _ in range(2))
    copy = last_good.load(show_unconfirmed=True)
    assert copy is not None
    assert copy.version == holder.current.version == content_version(root)
    assert len([entry for entry in (tmp_path / "var" / "last-good").iterdir() if entry.is_dir()]) == 1


def test_a_running_app_follows_an_edit(root: Path, tmp_path: Path) -> None:
    """The next message of anybody is answered from the new files."""
    app = app_for(tmp_path / "var", root=root, stateless=True)
    from webhook.app import services_of

    services = services_of(app)
    services.reloader._check = lambda root, version: Verdict(True)
    before = Caller(app).send(message("gracias")).said
    file = root / "content" / "service" / "thanks.yaml"
    text = file.read_text(encoding="utf-8")
    first = next(line for line in (before or "").splitlines() if line.strip("*") and line.strip("*") in text)
    file.write_text(text.replace(first.strip("*"), "Con mucho gusto hoy"), encoding="utf-8")
    assert any(services.reloader.tick() for _ in range(2)), services.holder.reasons
    after = Caller(app).send(message("gracias")).said or ""
    assert "Con mucho gusto hoy" in after
    assert after != before
