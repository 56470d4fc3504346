"""``bench run``, ``score`` and ``export`` on clips that the project makes: the whole road."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.bench_networks import worker_without_stlpips
from facedit.bench import run_benchmark as run_module
from facedit.bench import worker
from facedit.bench.bench_options import RunOptions, parse_limit
from facedit.bench.export_items import export
from facedit.bench.items import Bench, Item, read_bench, write_bench
from facedit.bench.judges.judge_files import FILES
from facedit.bench.judges.judges import Judges, judged_sums
from facedit.bench.layout import span_plan
from facedit.bench.make_items.build import build
from facedit.bench.make_items.build_options import BuildOptions
from facedit.bench.material import PARTS, make_material
from facedit.bench.measures.lips import lip_sums
from facedit.bench.occlude import bridged, inside
from facedit.bench.prepared_item import Case, build_case
from facedit.bench.record import Record, read_records
from facedit.bench.reference import Original, original_of
from facedit.bench.render_item import frozen
from facedit.bench.run_benchmark import RECORDS, check_settings, run
from facedit.bench.scoring import scene_of, truth_scene
from facedit.bench.selection import chosen_items
from facedit.bench.systems.simple import held, straight
from facedit.dataset.footage_list import list_sources
from facedit.errors import BadMedia, ItemsFailed, OutputExists, OutputNotWritable, UsageError
from facedit.face.distances import lip_gap
from facedit.lock import locked
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.progress import StageClock
from facedit.scale.workers import Workers
from facedit.speech.text.transcript_io import load_transcript
from facedit.weights.fetch import is_installed
from judges_golden import save
from material import material

pytest.importorskip("skimage.data")

SYSTEMS = "truth,hold"
TRACKS = ("reconstruct", "edit", "generate")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Clips of one speaker, and a small benchmark of them."""
    clips = material(tmp_path_factory)
    bench = tmp_path_factory.mktemp("built") / "bench"
    options = BuildOptions(name="tiny", reconstruct=3, edit=2, generate=1)
    build(clips / "manifest.csv", bench, options=options)
    return bench, clips


def test_a_made_clip_has_its_words_beside_it(folders: tuple[Path, Path]) -> None:
    part, clips = PARTS[0], folders[1]
    source = next(s for s in list_sources(clips / "manifest.csv") if part.name in s.file)
    assert (source.speaker, source.split) == (part.speaker, "dev")
    assert source.licence
    info = probe(source.path, need_sound=True)
    assert (info.width, info.height, info.frame_rate) == (256, 256, 25)
    words = load_transcript(source.path.with_suffix(".json"), info.duration_s)
    assert words.text == part.text
    made = {f"{one.name}.{kind}" for one in PARTS[:2] for kind in ("json", "mp4")}
    assert {path.name for path in clips.iterdir()} == {"manifest.csv", *made}
    with pytest.raises(OutputExists, match="--force"):
        make_material(clips)


@pytest.fixture(scope="module")
def bench(folders: tuple[Path, Path]) -> Bench:
    return read_bench(folders[0])


@pytest.fixture(scope="module")
def ready(
    bench: Bench, folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Case, Original]:
    """A hidden span in the middle of a clip, ready."""
    item = next(i for i in bench.items if i.track == "reconstruct" and i.hidden_s[0] > 0.3)
    work = tmp_path_factory.mktemp("work")
    case = build_case(item, folders[1], work, StageClock())
    return case, original_of(case)


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_unchecked(monkeypatch)


def leave_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measures' proof has its own tests and takes a minute; here it always stands.

    The slowest measure is left out, in further processes too.
    """

    class Passed:
        passed = True

        def __str__(self) -> str:
            return "not checked"

    monkeypatch.setattr(run_module, "selfcheck", lambda *_, **__: Passed())
    monkeypatch.setattr(run_module, "left_out", lambda _: {})
    monkeypatch.setattr(run_module, "make_worker", worker_without_stlpips)


def options(clips: Path, **changes: object) -> RunOptions:
    plain = RunOptions(SYSTEMS, clips, takes=2, limits=dict.fromkeys(TRACKS, 1), reference="hold")
    return replace(plain, **changes)  # type: ignore[arg-type]


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("results.csv", "results.json")}


def test_what_is_hidden_is_taken_away_and_the_rest_is_not_touched(
    ready: tuple[Case, Original],
) -> None:
    case, _ = ready
    start_s, end_s = case.item.hidden_s
    for own, shown in zip(read_frames(case.clip), read_frames(case.source), strict=True):
        same = np.array_equal(own.rgb(), shown.rgb())
        assert same != (start_s <= own.time_s < end_s - 1e-6), own.time_s
    # The painted mouths stay as they are where the real ones open and close.
    painted, real = (
        float(np.ptp(lip_gap(track.landmarks[inside(track, case.item.hidden_s)])))
        for track in (case.base.windows[0].track, case.track)
    )
    assert painted < 0.3 * real
    hidden = {round(frame.time_s, 4) for frame in case.base.windows[0].bank.frames}
    assert not any(start_s <= time_s < end_s - 1e-6 for time_s in hidden)


def test_a_face_that_the_tracker_lost_under_its_painted_mouth_is_where_it_was_painted(
    ready: tuple[Case, Original],
) -> None:
    case, _ = ready
    track = case.base.windows[0].track
    lost = track.landmarks.copy()
    lost[5:8] = np.nan
    again = bridged(replace(track, landmarks=lost), replace(track, landmarks=track.landmarks + 1))
    assert np.array_equal(again.landmarks[5:8], track.landmarks[5:8] + 1)
    rest = np.delete(np.arange(len(lost)), [5, 6, 7])
    assert np.array_equal(again.landmarks[rest], track.landmarks[rest])


def test_a_cut_holds_the_last_kept_picture_and_jumps_on(ready: tuple[Case, Original]) -> None:
    case, _ = ready
    start_s, end_s = case.item.hidden_s
    held = None
    for shown, own in zip(frozen(case), read_frames(case.source), strict=True):
        held = held if start_s - 1e-6 <= own.time_s < end_s - 1e-6 else own.rgb()
        assert np.array_equal(shown.rgb(), held), own.time_s


def test_systems_see_nothing_of_the_hidden_motion(ready: tuple[Case, Original]) -> None:
    case, _ = ready
    assert np.isnan(case.task.motion[case.task.mask]).all()
    assert np.isfinite(case.task.motion[~case.task.mask]).all()
    lips = case.space.groups["lips"]
    assert case.task.mask[:, lips].any()
    assert not case.task.mask[:, lips.stop :].any()
    library = case.task.library
    assert library is not None
    times_s = np.arange(len(library.usable)) / 25
    start_s, end_s = case.item.hidden_s
    assert not library.usable[(times_s >= start_s) & (times_s < end_s)].any()
    assert library.usable.any()


def test_the_clip_itself_is_right(ready: tuple[Case, Original]) -> None:
    case, original = ready
    scene = truth_scene(case, original)
    assert scene.truth is not None
    assert np.allclose(scene.output.motion, scene.truth.motion, atol=1e-5, equal_nan=True)
    assert scene.filled.sum() == pytest.approx(
        (case.item.hidden_s[1] - case.item.hidden_s[0]) * 25, abs=1
    )
    assert ((scene.source_index >= 0) == ~scene.filled).all()
    sums = lip_sums(scene.output.motion, scene.truth.motion, scene.hidden, scene.identity)
    assert sums["lip_opening"][-1] == pytest.approx(0, abs=1e-4)


def test_a_video_of_another_length_or_size_is_refused(
    ready: tuple[Case, Original], folders: tuple[Path, Path], tmp_path: Path
) -> None:
    from talking_clips import write_clip

    case, original = ready
    frames = [frame.rgb() for frame in read_frames(case.clip)]
    from facedit.media.sound import read_sound

    sound = read_sound(case.clip)
    write_clip(tmp_path / "short.mp4", frames[:-5], sound)
    with pytest.raises(BadMedia, match="pictures"):
        scene_of(case, original, tmp_path / "short.mp4")
    write_clip(tmp_path / "small.mp4", [f[:128, :128] for f in frames], sound)
    with pytest.raises(BadMedia, match="128x128"):
        scene_of(case, original, tmp_path / "small.mp4")
    write_clip(tmp_path / "silent.mp4", frames, None)
    with pytest.raises(BadMedia, match="no sound"):
        scene_of(case, original, tmp_path / "silent.mp4")


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 0.4), (0.6, 1.0), (1.6, 2.0)])
def test_a_span_plan_keeps_the_length_and_changes_nothing_else(
    start_s: float, end_s: float
) -> None:
    from fractions import Fraction

    plan = span_plan((start_s, end_s), 2.0, Fraction(25))
    (span,) = plan.picture_spans()
    assert plan.output_duration_s == 2.0
    assert (span.output_start_s, span.output_end_s) == (start_s, end_s)
    assert sum(keep.duration_s for keep in plan.keeps) == pytest.approx(2.0 - (end_s - start_s))
    mask = plan.motion_mask(50)
    assert np.array_equal(np.flatnonzero(mask), np.arange(round(start_s * 25), round(end_s * 25)))


@pytest.mark.full
def test_a_killed_run_goes_on_and_another_process_says_the_same(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, clips = folders
    whole = tmp_path / "whole"
    run(folder, whole, options(clips))
    records = read_records(whole / RECORDS)
    assert {record.status for record in records} == {"done", "not applicable"}
    assert len(records) == 6
    for record in records:
        assert record.status != "done" or (whole / record.video).is_file()
    wanted = results(whole)

    killed = tmp_path / "killed"
    shutil.copytree(whole, killed)
    # Of the first item both systems are missing: one has no line, one's was cut off by the kill.
    lines = (killed / RECORDS).read_text().splitlines(keepends=True)
    torn = lines[1][: len(lines[1]) // 2]
    (killed / RECORDS).write_text("".join([*lines[2:], torn]))
    for name in ("results.csv", "results.json"):
        (killed / name).unlink()
    run(folder, killed, options(clips, workers=Workers.parse("2")))
    assert results(killed) == wanted
    # What was done already was not done again.
    again, first = (
        [record.cost for record in read_records(one / RECORDS)[2:]] for one in (killed, whole)
    )
    assert again == first


def test_truth_is_best(folders: tuple[Path, Path], tmp_path: Path) -> None:
    folder, clips = folders
    assert "hold" in str(run(folder, tmp_path / "out", options(clips, tracks=("reconstruct",))))
    records = {record.system: record for record in read_records(tmp_path / "out" / RECORDS)}
    assert {record.status for record in records.values()} == {"done"}
    error = {name: r.sums["lip_opening"][-1] for name, r in records.items()}
    assert error["truth"] < 0.3 * error["hold"]
    psnr = {name: r.sums["psnr_mouth"][0] for name, r in records.items()}
    assert psnr["truth"] > psnr["hold"]


def test_missing_clips_are_reported_item_by_item(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, clips = folders
    some = tmp_path / "some"
    shutil.copytree(clips, some)
    gone = sorted(some.glob("*.mp4"))[0]
    gone.unlink()
    # Nothing is drawn: what is made of the clips that are there is the business of other tests.
    settings = options(some, limits={}, tracks=("reconstruct",), systems="still=hold:render=no")
    with pytest.raises(ItemsFailed) as error:
        run(folder, tmp_path / "out", settings)
    records = read_records(tmp_path / "out" / RECORDS)
    failed = [record for record in records if record.status == "failed"]
    assert failed
    assert all(f"{gone.name} is missing" in record.reason for record in failed)
    assert len(failed) < len(records)
    assert f"{len(failed)} of {len(records)} results failed" in str(error.value)
    assert "\n" not in str(error.value)
    assert gone.name in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize("all_measures", [False, pytest.param(True, marks=pytest.mark.full)])
def test_videos_made_elsewhere_are_scored_and_bad_ones_reported(
    folders: tuple[Path, Path],
    bench: Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    all_measures: bool,
) -> None:
    if all_measures:
        monkeypatch.setattr(run_module, "make_worker", worker.make_worker)
    folder, clips = folders
    items = [item for item in bench.items if item.track == "reconstruct"]
    videos = tmp_path / "theirs"
    videos.mkdir()
    shutil.copyfile(clips / items[0].clip.file, videos / f"{items[0].id}.mp4")
    (videos / f"{items[1].id}.mp4").write_bytes(b"no video")
    shutil.copyfile(clips / items[0].clip.file, videos / "what.mp4")
    settings = options(
        clips, limits={}, tracks=("reconstruct",), systems=f"theirs=videos:{videos}",
        reference="theirs",
    )  # fmt: skip
    with pytest.raises(ItemsFailed) as error:
        run(folder, tmp_path / "out", settings)
    found: dict[str, Record] = {r.item: r for r in read_records(tmp_path / "out" / RECORDS)}
    assert found[items[0].id].status == "done"
    assert found[items[0].id].sums["psnr_mouth"][1] > 0
    assert not all_measures or found[items[0].id].sums["stlpips_mouth"][1] > 0
    assert found[items[1].id].status == "failed"
    assert f"no video named {items[2].id}" in found[items[2].id].reason
    assert "theirs/what.mp4" in str(error.value)


def test_a_limit_is_a_number_or_one_by_track(bench: Bench) -> None:
    assert parse_limit("2") == dict.fromkeys(TRACKS, 2)
    assert parse_limit("edit=1,generate=3") == {"edit": 1, "generate": 3}
    chosen = chosen_items(bench, (), {"reconstruct": 2})
    assert [item.track for item in chosen].count("reconstruct") == 2
    assert [item.track for item in chosen].count("edit") == 2
    for bad in ("0", "none", "edit=", "sync=2", "edit=1,,"):
        with pytest.raises(UsageError, match="--limit"):
            parse_limit(bad)


def test_two_runs_do_not_write_into_one_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    folder, clips = folders
    with (
        locked(tmp_path / "out", "bench run"),
        pytest.raises(OutputNotWritable, match="facedit bench run, process"),
    ):
        run(folder, tmp_path / "out", options(clips))


def test_results_of_something_else_are_not_mixed(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, clips = folders
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mine")
    with pytest.raises(OutputExists, match="not empty"):
        run(folder, tmp_path / "other", options(clips))
    (tmp_path / "results").mkdir()
    state = {"bench": "another", "facedit": "0", "takes": 1, "systems": {}}
    (tmp_path / "results" / "run.json").write_text(json.dumps(state))
    with pytest.raises(OutputExists, match="another benchmark"):
        run(folder, tmp_path / "results", options(clips))
    with pytest.raises(UsageError, match="--clips"):
        run(folder, tmp_path / "new", options(tmp_path / "nowhere"))


def test_results_of_another_mouth_network_are_not_mixed(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems = (held(), straight())
    (tmp_path / "out").mkdir()
    check_settings(tmp_path / "out", bench, systems, RunOptions(takes=1))
    check_settings(tmp_path / "out", bench, systems, RunOptions(takes=1))
    (tmp_path / "mouth").write_bytes(b"other weights")
    monkeypatch.setattr("facedit.bench.run_benchmark.default_weights", lambda: tmp_path / "mouth")
    with pytest.raises(OutputExists, match="setting"):
        check_settings(tmp_path / "out", bench, systems, RunOptions(takes=1))


def test_export_gives_another_system_all_it_needs_and_not_the_answer(
    folders: tuple[Path, Path], bench: Bench, tmp_path: Path
) -> None:
    _, clips = folders
    few = replace(bench, items=chosen_items(bench, (), dict.fromkeys(TRACKS, 1)))
    write_bench(tmp_path / "few", few, "card")
    done = export(tmp_path / "few", tmp_path / "tasks", clips=clips)
    assert done.items == len(few.items) == 3
    for item in few.items:
        task = json.loads((tmp_path / "tasks" / item.id / "task.json").read_text())
        clip = tmp_path / "tasks" / item.id / task["clip"]
        assert clip.is_file()
        assert (clip.parent / task["sound"]).is_file()
        own = (clips / item.clip.file).read_bytes()
        assert (clip.read_bytes() == own) == (item.track == "edit")
        assert (clip.suffix == ".png") == (item.track == "generate")
        check_task(task, item)


def check_task(task: dict[str, object], item: Item) -> None:
    if item.track == "edit":
        assert task["new_words"] == " ".join(item.new_words)
        plan = item.plan()
        assert task["frames"] == round(plan.output_duration_s * 25)
    if item.track == "reconstruct":
        ((start_s, end_s),) = task["new_pictures_s"]  # type: ignore[misc]
        assert (start_s, end_s) == pytest.approx(item.hidden_s)


class _OneFace:
    """Finds a face of 130 x 130 in the middle of every picture; stands for S3FD."""

    def detect(self, rgb: np.ndarray) -> np.ndarray:
        del rgb
        return np.array([(0.99, 0.25, 0.25, 0.75, 0.76)])


class _Moving(torch.nn.Module):
    """Embeds pictures and sound by how loud and how bright they are; stands for SyncNet."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = torch.nn.Parameter(torch.zeros(1))

    def embed_sound(self, coefficients: torch.Tensor) -> torch.Tensor:
        return coefficients.mean((1, 2, 3))[:, None].repeat(1, 1024)

    def embed_pictures(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures.mean((1, 2, 3, 4))[:, None].repeat(1, 1024)


def test_judges_see_the_spans(ready: tuple[Case, Original]) -> None:
    scene = truth_scene(*ready)

    def flat(faces: np.ndarray) -> np.ndarray:
        return faces.reshape(len(faces), -1)

    judges = Judges((_OneFace(), _Moving()), flat, {}, None, None)  # type: ignore[arg-type]
    sums = judged_sums(scene, judges)
    assert sums["idsim"][0] / sums["idsim"][1] == pytest.approx(1)
    assert sums["lse_d"][1] == sums["lse_c"][1] == 1
    assert sums["lse_d"][0] > 0
    nothing = replace(scene, filled=np.zeros_like(scene.filled))
    assert judged_sums(nothing, judges)["lse_d"] == [0.0, 0.0]
    assert judged_sums(nothing, judges)["idsim"] == [0.0, 0.0]


@pytest.mark.full
def test_a_run_with_judges_has_their_figures(
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Official forms of files, on weights that a rule makes; real names only where they judge."""
    if not is_installed("lpips_alex.pth"):
        pytest.skip("the heads of LPIPS are not installed: facedit doctor --fetch bench")
    folder, clips = folders
    for name, file in FILES.items():
        monkeypatch.setitem(FILES, name, replace(file, sha256=""))
    monkeypatch.setattr("facedit.bench.judges.judges.as_first_used", lambda path, _: path)
    models = tmp_path / "models" / "below"
    models.mkdir(parents=True)
    save("lpips_alex_trunk", models / FILES["alexnet"].names[0])

    class Features(torch.nn.Module):
        def forward(
            self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool
        ) -> torch.Tensor:
            pooled = torch.nn.functional.adaptive_avg_pool3d(x, (1, 10, 14))
            return pooled.reshape(len(x), -1)[:, :400]

    torch.jit.script(Features()).save(str(models / "i3d_torchscript.pt"))
    output = tmp_path / "results"
    judges = str(tmp_path / "models")
    asked = options(clips, systems="hold", limits={"reconstruct": 2}, judges=judges)
    asked = replace(asked, tracks=("reconstruct",))
    report = run(folder, output, asked)
    records = read_records(output / RECORDS)
    assert all(one.sums["lpips_alex_face"][0] > 0 for one in records)
    assert "LPIPS (AlexNet), face" in report.markdown
    assert "hold: FVD" in report.markdown
    assert "LSE" not in report.markdown
    assert "Judges of published tables" in report.page.read_text()
    with pytest.raises(OutputExists, match="setting"):
        run(folder, output, replace(asked, judges=""))
