"""How far a run is: told in order, shown on the command line alone, and stopped on request."""

from __future__ import annotations

from threading import Event

import pytest

from facedit.cli.terminal import progress_bars
from facedit.errors import Cancelled
from facedit.progress import Progress, StageClock, Tick


def test_every_step_of_every_stage_is_told() -> None:
    told: list[Progress] = []
    clock = StageClock(told.append)
    with clock.stage("tracking", 2) as tick:
        tick(1)
        tick(2)
    with clock.stage("loading models"):
        pass
    assert told == [
        Progress("tracking", 0, 2),
        Progress("tracking", 1, 2),
        Progress("tracking", 2, 2),
        Progress("loading models", 0, None),
    ]
    assert list(clock.seconds) == ["tracking", "loading models"]


def test_a_cancelled_run_ends_at_the_next_step() -> None:
    """It is no error: whoever goes on after errors does not go on after this."""
    cancel = Event()
    clock = StageClock(cancel=cancel)
    with pytest.raises(Cancelled, match="no unfinished output"), clock.stage("tracking") as tick:  # noqa: PT012
        tick(1)
        cancel.set()
        tick(2)
    assert not issubclass(Cancelled, Exception)
    cancel.clear()
    clock.check()


def test_bars_are_shown_where_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bars(wanted=True) as show:
        assert show is not None
        for done in (0, 1, 2):
            show(Progress("tracking", done, 2))
        show(Progress("items", 0, 3))
        show(Progress("items", 1, 3, failed=1))
    shown = capsys.readouterr()
    assert "tracking" in shown.err
    assert "items" in shown.err
    assert shown.out == ""
    with progress_bars(wanted=False) as show:
        assert show is None


def test_work_that_cannot_be_interrupted_is_left_behind() -> None:
    """The caller hears of it meanwhile, in its own thread, and is free as soon as it cancels."""
    cancel, free, ended = Event(), Event(), Event()
    told: list[Progress] = []

    def listen(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 3:
            cancel.set()

    def work(tick: Tick) -> None:
        free.wait(60)
        ended.set()
        tick(1)
        told.append(Progress("work that nobody waits for", 1, None))

    clock = StageClock(listen, cancel)
    with pytest.raises(Cancelled), clock.stage("new speech", 2) as tick:
        clock.apart(lambda: work(tick))
    assert set(told) == {Progress("new speech", 0, 2)}
    assert not ended.is_set()
    free.set()
    cancel.clear()
    assert clock.apart(lambda: 7) == 7  # waits for its turn
    assert ended.is_set()
    assert set(told) == {Progress("new speech", 0, 2)}
    clock.close()


def test_what_such_work_raises_and_tells_comes_through() -> None:
    told: list[Progress] = []
    clock = StageClock(told.append, Event())

    def work(tick: Tick) -> None:
        tick(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), clock.stage("words", 2) as tick:
        clock.apart(lambda: work(tick))
    clock.close()
