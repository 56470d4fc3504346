"""The dashboard shows what the logs hold, loads nothing, and says when a run goes wrong."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from motion_corpus import mesh_corpus, write_config

from facedit.training.dashboard import PAGE, RunFacts, dashboard_html, write_dashboard
from facedit.training.history import Series, read_history
from facedit.training.logs import RunLog
from facedit.training.motion.run import train
from facedit.training.motion.samples import Sample, sample_html
from facedit.training.step_chart import step_chart

FACTS = RunFacts("a <run>", 40, 100, 12, 3, 4_300_000, 2, 1.0)
FINE = Series((10, 20), (0.5, 0.4))


def test_history_is_read_over_resumes_and_changed_columns(tmp_path):
    log = RunLog(tmp_path)
    for step in (5, 10, 15):
        log.write("train", step, {"velocity": step, "lr": 0.1})
    log.write("train", 10, {"velocity": 100.0, "lr": 0.1})  # died, resumed from an older state
    log.write("train", 20, {"velocity": float("nan")})  # other columns: a file of its own
    log.close()
    (tmp_path / "trained.csv").write_text("step,velocity\n1,1\n")
    with (tmp_path / "train.csv").open("a") as file:
        file.write("25,")  # the disk was full
    history = read_history(tmp_path, "train")
    assert history["velocity"].steps == (5, 10, 15, 20)
    assert history["velocity"].values[:3] == (5, 100, 15)
    assert history["velocity"].strange == (20,)
    assert history["velocity"].finite() == Series((5, 10, 15), (5, 100, 15))
    assert history["lr"].steps == (5, 10, 15)


def test_thinning_keeps_the_mean_and_the_end():
    series = Series(tuple(range(1, 101)), tuple(float(i % 10) for i in range(100)))
    thin = series.thinned(20)
    assert len(thin.steps) == 20
    assert thin.steps[-1] == 100
    assert np.mean(thin.values) == pytest.approx(np.mean(series.values))
    assert series.thinned(100) is series


def test_a_chart_places_points_by_step_and_value():
    chart = step_chart("Loss", {"a": Series((0, 25, 100), (0.0, 1.0, 0.5))})
    path = re.search(r'<path d="([^"]+)"', chart)[1]
    (x0, y0), (x1, y1), (x2, y2) = (
        [float(v) for v in p.split()] for p in re.split("[ML]", path)[1:]
    )
    assert (x1 - x0) / (x2 - x0) == pytest.approx(0.25, abs=1e-3)  # a step is a length
    assert (y0 - y2) / (y0 - y1) == pytest.approx(0.5, abs=1e-3)  # up is more
    assert y1 < y0
    steep = {"a": Series((1, 50, 100), (1000.0, 1.0, 0.5))}
    assert ">1.0</text>" in step_chart("Loss", steep, from_share=0.1)
    assert ">1.0</text>" not in step_chart("Loss", steep)
    assert step_chart("Loss", {"a": Series((), ())}) == ""
    assert "<path" in step_chart("Loss", {"a": Series((0,), (1.0,))}, from_share=0.1)
    assert step_chart("Loss", {"a": Series((3,), (float("inf"),))}) == ""


def test_a_run_that_goes_wrong_is_said_so():
    assert "To look at" not in dashboard_html(FACTS, {"velocity": FINE}, {"loss_short": FINE}, ())
    diverged = dashboard_html(FACTS, {"velocity": Series((10, 20), (0.5, float("nan")))}, {}, ())
    assert "first at 20" in diverged
    overfit = {"loss_short": Series((10, 20, 30), (0.5, 0.4, 0.5))}
    assert "least at step 20 and is 25 % above" in dashboard_html(FACTS, {}, overfit, ())


def sample():
    wave = (1 + np.sin(np.arange(50) / 3)).astype(np.float32) / 10
    drawn = wave.copy()
    drawn[20:34] = 0.3
    return Sample(
        "x&y.mp4", "grid", wave, drawn, (20, 34), wave, {"opening_r": 0.5, "opening_rel": 0.25}
    )


def test_a_sample_shows_truth_everywhere_and_what_was_drawn_in_the_span():
    html = sample_html(sample())
    truth = re.search(r'<path d="([^"]+)" class="lips-source"', html)[1]
    drawn = re.search(r'<path d="([^"]+)" class="lips-target"', html)[1]
    assert len(re.findall("[ML]", truth)) == 50
    assert len(re.findall("[ML]", drawn)) == 16  # the span and the kept frame on each side
    assert "relative error 0.25" in html
    assert "x&amp;y.mp4" in html


class Page(HTMLParser):
    """Collects tags and checks that they close."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.loads = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(tmp_path):
    log = RunLog(tmp_path)
    log.write("train", 20, {"velocity": 0.5, "smoothness": 0.1, "grad_norm": 2.0, "lr": 5e-4})
    log.write("validation", 20, {"loss_short": 0.5, "grid_opening_r": 0.3, "grid_speed": 0.8})
    log.close()
    page = write_dashboard(tmp_path, FACTS, [sample()])
    assert page.name == PAGE
    assert not list(tmp_path.glob("*.part"))
    text = page.read_text(encoding="utf-8")
    parser = Page()
    parser.feed(text)
    assert not parser.open
    assert not parser.loads
    assert "script" not in parser.seen
    assert parser.seen.count("svg") == 8  # 3 losses, 2 figures, rate, norm; the sample
    assert "a &lt;run&gt;" in text
    assert "40 of 100" in text


def test_a_run_rewrites_its_page_with_what_it_drew(tmp_path, device):
    corpus = mesh_corpus(tmp_path / "prepared")
    path = write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=4)
    text = path.read_text().replace("validate_every = 0", "validate_every = 2")
    path.write_text(
        text.replace("[[data.pools]]", 'hold_out_speakers = ["s1"]\n\n[[data.pools]]', 1)
    )
    figures = train(path, device=device).figures
    assert {"loss_short", "loss_still", "one_opening_r", "one_jump"} <= figures.keys()
    assert all(np.isfinite(value) for value in figures.values())
    page = (tmp_path / "run" / PAGE).read_text(encoding="utf-8")
    assert "4 of 4" in page
    assert page.count('class="lips-target"') == 2  # s1 has two clips, both of corpus one
    assert page.count('class="faces"') == 2
    assert "1.mp4" in page
    assert f"short {figures['loss_short']:.3g}" in page
