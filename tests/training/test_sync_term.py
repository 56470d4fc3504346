"""The sync term of the motion loss."""

import numpy as np
import pytest
import torch
from motion_corpus import CHANNELS, META, write_config, write_corpus
from safetensors.torch import load_file

from facedit.errors import UsageError
from facedit.lip_sync.sync_network import SyncNetwork, SyncNetworkConfig
from facedit.lip_sync.sync_weights import SyncModel, load_sync
from facedit.model.normalise import SpeechProjection
from facedit.motion.mesh_space import MeshSpace
from facedit.training.motion.corpus import load_corpus, make_sampler
from facedit.training.motion.flow_task import draw_task, task_loss, task_totals
from facedit.training.motion.motion_config import MotionOptimConfig
from facedit.training.motion.sync_term import (
    SIGHT,
    SyncTarget,
    cross_entropies,
    load_sync_for,
    make_judge,
    sync_counts,
)
from facedit.training.start import read_config
from facedit.training.start import start as train
from facedit.training.state import STATE

CPU = torch.device("cpu")
RUN_SCALE = np.array([1, 0.5, 0.25, 1, 1], np.float32)
STEPS = 4


def small_model(channels=4):
    """A random sync network for the motion of ``motion_corpus``."""
    torch.manual_seed(0)
    network = SyncNetwork(SyncNetworkConfig(3, 4, 8, 8, embedding=6)).eval().requires_grad_(False)
    projection = SpeechProjection(np.eye(channels, 4, dtype=np.float32), np.zeros(4, np.float32))
    scale = np.array([0.5, 2, 1], np.float32)
    return SyncModel(network, projection, scale, (0, 3), META.encoder, META.space)


@pytest.fixture
def judge():
    return make_judge(small_model(), RUN_SCALE, 0.5, CPU)


def asked(frames=40, windows=3):
    generator = torch.Generator().manual_seed(1)
    data = torch.randn(windows, frames, 5, generator=generator)
    heard = torch.nn.functional.normalize(
        torch.randn(windows, frames, 6, generator=generator), dim=-1
    )
    centre = torch.randn(windows, 5, generator=generator)
    valid = torch.arange(frames)[None] < torch.tensor([[frames], [frames - 9], [frames]])
    hidden = torch.zeros(data.shape, dtype=torch.bool)
    hidden[0, 5:30, :3] = hidden[1] = True  # the third window keeps everything
    hidden &= valid[..., None]
    t = torch.tensor([0.25, 0.75, 0.5])
    return data, hidden, valid, t, SyncTarget(heard, centre)


def test_nothing_hidden_costs_nothing(judge):
    data, hidden, valid, t, target = asked()
    estimate = torch.randn_like(data).requires_grad_()
    loss = judge.loss(estimate, data, torch.zeros_like(hidden), valid, t, target)
    assert float(loss) == 0


def test_gradients_reach_hidden_lips_and_nothing_else(judge):
    data, hidden, valid, t, target = asked()
    estimate = torch.randn_like(data).requires_grad_()
    judge.loss(estimate, data, hidden, valid, t, target).backward()
    pushed = estimate.grad != 0
    assert pushed[0, 5:30, :3].all()
    assert not pushed[~hidden].any()
    assert not pushed[..., 3:].any()  # the upper face and the head are none of its business
    assert not pushed[2].any()
    assert all(weight.grad is None for weight in judge.encoder.parameters())


def test_the_network_sees_standardised_lips(judge):
    """What the run took away and scaled is put back before the network looks."""
    model = small_model()
    data, hidden, valid, t, target = asked()
    lips = (data / torch.from_numpy(RUN_SCALE) + target.centre[:, None])[..., :3]
    row = 0
    embedded = torch.from_numpy(model.embed_motion(lips[row].numpy()))[None]
    counts = sync_counts(hidden[..., :3], valid)
    per_frame = cross_entropies(embedded, target.speech[row : row + 1], valid[row : row + 1], 10.0)
    expected = float((t[row] * per_frame[0][counts[row]]).mean())
    only = torch.zeros_like(hidden)
    only[row] = hidden[row]
    loss = judge.loss(data, data, only, valid, t, target)
    assert judge.sharpness == pytest.approx(10.0)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_padding_does_not_matter(judge):
    data, hidden, valid, t, target = asked()
    before = judge.loss(data, data, hidden, valid, t, target)
    other = torch.where(valid[..., None], data, torch.full_like(data, 7.0))
    heard = torch.where(valid[..., None], target.speech, torch.full_like(target.speech, 3.0))
    after = judge.loss(other, other, hidden, valid, t, SyncTarget(heard, target.centre))
    assert float(before) == float(after) > 0


def test_frames_that_see_too_little_of_what_is_drawn_do_not_count():
    valid = torch.ones(1, 60, dtype=torch.bool)
    hidden = torch.zeros(1, 60, 3, dtype=torch.bool)
    hidden[0, 20:25] = True  # 5 of the 11 frames an embedding sees, at best
    assert SIGHT == 5
    assert not sync_counts(hidden, valid).any()
    hidden[0, 25] = True  # 6 of 11, for those that see all of it
    assert sync_counts(hidden, valid)[0].nonzero()[:, 0].tolist() == list(range(20, 26))
    hidden[0, 22, 1] = False  # not all of the lips
    assert not sync_counts(hidden, valid).any()
    whole = torch.ones(1, 60, 3, dtype=torch.bool)
    half = torch.arange(60)[None] < 30
    assert torch.equal(sync_counts(whole, half), half)  # what isn't there isn't kept either


def test_equal_embeddings_cost_the_logarithm_of_the_choice():
    same = torch.ones(1, 50, 4) / 2
    valid = torch.arange(50)[None] < 40
    found = cross_entropies(same, same, valid, 9.0)[0]
    assert float(found[20]) == pytest.approx(np.log(31), rel=1e-5)  # 15 to each side
    assert float(found[0]) == pytest.approx(np.log(16), rel=1e-5)
    assert float(found[39]) == pytest.approx(np.log(16), rel=1e-5)  # none beyond the clip
    apart = torch.eye(50)[None]
    assert float(cross_entropies(apart, apart, valid, 30.0)[0, :40].max()) < 1e-6


def test_matching_speech_is_cheaper_than_speech_of_another_moment():
    """With the shipped network: lips found for a speech fit it better at its moment than later."""
    model = load_sync()
    space = MeshSpace.load()
    judge = make_judge(model, np.full(space.dims, 0.5, np.float32), 1.0, CPU)
    rng = np.random.default_rng(3)
    dims = model.net.config.speech_dims
    kernel = np.hanning(9) / 2
    raw = rng.standard_normal((68, dims))
    speech = np.stack([np.convolve(column, kernel, "valid") for column in raw.T], axis=1)
    heard = torch.from_numpy(model.embed_projected(speech.astype(np.float32)))[None]
    lips = torch.zeros(1, 60, space.dims, requires_grad=True)
    every = torch.zeros(1, 60, space.dims, dtype=torch.bool)
    every[..., judge.lips] = True
    valid, t = torch.ones(1, 60, dtype=torch.bool), torch.ones(1)
    centre = torch.zeros(1, space.dims)

    def loss(late=0):
        target = SyncTarget(heard.roll(late, 1), centre)
        return judge.loss(lips, lips.detach(), every, valid, t, target)

    first = float(loss().detach())
    optimiser = torch.optim.Adam([lips], 0.1)
    for _ in range(25):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    # The term can be lowered through the network, and what lowers it is of this very moment.
    assert float(loss().detach()) < 0.6 * first
    assert float(loss(4).detach()) > 1.3 * first
    assert float(loss(-4).detach()) > 1.3 * first


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "prepared")


@pytest.fixture
def listening(monkeypatch):
    """Runs on the small corpus hear with a small network."""
    model = small_model(CHANNELS)
    monkeypatch.setattr("facedit.training.motion.corpus.load_sync_for", lambda meta: model)


def run(corpus, folder, settings, *, steps=STEPS):
    """Train a few steps; the folder of the run."""
    folder.mkdir()
    path = write_config(folder / "c.toml", corpus, folder / "run", steps=steps)
    path.write_text(path.read_text().replace("log_every = 5", "log_every = 1") + settings)
    train(path)
    return folder / "run"


def weights(folder):
    state = load_file(folder / STATE)
    return {name: state[name] for name in state if name.startswith(("net.", "ema.", "optimiser."))}


def equal(ours, theirs):
    assert ours.keys() == theirs.keys()
    return all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_until_it_counts_a_run_is_as_without_it(corpus, tmp_path, listening):
    without = run(corpus, tmp_path / "a", "")
    waiting = run(corpus, tmp_path / "b", f"sync = 0.5\nsync_from = {STEPS}\n")
    active = run(corpus, tmp_path / "c", f"sync = 0.5\nsync_from = {STEPS - 1}\n")
    assert equal(weights(without), weights(waiting))
    assert not equal(weights(without), weights(active))
    names = (without / "train.csv").read_text().splitlines()[0]
    assert "sync" not in names.split(",")
    table = [row.split(",") for row in (active / "train.csv").read_text().splitlines()]
    column = table[0].index("sync")
    found = [float(row[column]) for row in table[1:]]
    assert found[:-1] == [0.0] * (STEPS - 1)
    assert found[-1] > 0


@pytest.mark.parametrize("count", [3, 12])  # 12: more parts than a pool has windows
def test_a_step_in_parts_is_the_step_with_the_sync_term(corpus, tmp_path, listening, count):
    whole = run(corpus, tmp_path / "a", "sync = 0.5\n")
    parts = run(corpus, tmp_path / "b", f"sync = 0.5\naccumulate = {count}\n")
    ours, theirs = weights(whole), weights(parts)
    gaps = [
        float((ours[name] - theirs[name]).abs().max())
        for name in ours
        if name.startswith(("net.", "ema."))
    ]
    assert max(gaps) < 1e-6
    logs = [(folder / "train.csv").read_text().splitlines() for folder in (whole, parts)]
    for ours_row, theirs_row in zip(*logs, strict=True):
        if not ours_row.startswith("step"):
            column = logs[0][0].split(",").index("sync")
            first, second = (float(row.split(",")[column]) for row in (ours_row, theirs_row))
            assert first == pytest.approx(second, rel=1e-4)


def test_a_stopped_run_with_the_sync_term_goes_on_exactly(corpus, tmp_path, listening):
    whole = run(corpus, tmp_path / "a", "sync = 0.5\nsync_from = 1\n")
    # Stopped after half the steps, by a file that asks for no more, then by the whole one.
    broken = tmp_path / "b"
    text = (tmp_path / "a" / "c.toml").read_text().replace(str(whole), str(broken / "run"))
    broken.mkdir()
    path = broken / "c.toml"
    path.write_text(text.replace(f"steps = {STEPS}\n", "steps = 2\n"))
    train(path)
    path.write_text(text)
    train(path, resume=True)
    assert equal(weights(whole), weights(broken / "run"))


def test_parts_of_a_batch_add_up(corpus, tmp_path, listening):
    config = write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=1)
    config.write_text(config.read_text() + "sync = 0.5\n")
    settings = read_config(config)
    loaded = load_corpus(settings)
    judge = make_judge(loaded.sync, loaded.model.motion_scale, 0.5, CPU)
    sampler = make_sampler(loaded.learn, loaded, settings, 0)
    dim_weights = torch.ones(7)
    net = loaded.model.net.eval()
    for batch in sampler.draw(3):
        task = draw_task(batch, settings.optim, torch.Generator().manual_seed(1))
        with torch.no_grad():
            whole = task_loss(net, task, dim_weights, 0.5, bf16=False, judge=judge)
            totals = task_totals(task, dim_weights, judge)
            rows = torch.arange(len(task.x_1)).split(1)
            parts = [task.take(row) for row in rows]
            split = [
                task_loss(net, part, dim_weights, 0.5, bf16=False, judge=judge, totals=totals)
                for part in parts
            ]
        assert float(whole.sync) == pytest.approx(sum(float(part.sync) for part in split), rel=1e-4)
        assert float(whole.total) == pytest.approx(
            sum(float(part.total) for part in split), rel=1e-4
        )
        assert float(whole.total) == pytest.approx(
            float(whole.velocity) + 0.5 * float(whole.smoothness) + 0.5 * float(whole.sync)
        )


def test_what_is_heard_follows_the_window(corpus, tmp_path, listening):
    """Each frame of a window carries the embedding of its own clip's speech at that frame."""
    config = write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=1)
    plain = "\nmirror = 0.0\namplitude = 0.0\nspeech_noise = 0.0\n"
    text = config.read_text().replace("speech_dims = 6", "speech_dims = 6" + plain)
    config.write_text(text + "sync = 0.5\n")
    settings = read_config(config)
    loaded = load_corpus(settings)
    assert loaded.learn.embedded.shape == (len(loaded.learn.motion), 6)
    known = {tuple(np.round(row, 4)): place for place, row in enumerate(loaded.learn.embedded)}
    sampler = make_sampler(loaded.learn, loaded, settings, 0)
    for batch in sampler.draw(0):
        heard, centre = batch.sync
        assert centre.shape == (len(heard), 7)
        for row in range(len(heard)):
            frames = int(batch.valid[row].sum())
            assert not heard[row, frames:].any()
            places = [known[tuple(np.round(value, 4))] for value in heard[row, :frames]]
            assert places == list(range(places[0], places[0] + frames))
            if batch.kinds[row] != "still":  # the lips that were there, but for scale and centre
                lips = batch.motion[row, :frames] / loaded.model.motion_scale + centre[row]
                assert np.allclose(lips, loaded.learn.motion[places], atol=1e-4)


def test_other_motion_and_other_speech_are_refused(tmp_path):
    with pytest.raises(UsageError, match="sync network is for"):
        load_sync_for(META)  # its lips have 3 dims


def test_the_factor_is_not_negative():
    for settings in ({"sync": -0.1}, {"sync_from": -1}):
        with pytest.raises(UsageError, match="sync"):
            MotionOptimConfig(steps=1, **settings)
