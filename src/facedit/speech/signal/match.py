"""Make new speech fit the clip: rate, pitch, loudness, colour and room.

Everything here is gentle on purpose: beyond the limits below, a wrong voice that sounds natural
is better than the right pitch that does not.
"""

from __future__ import annotations

import av
import numpy as np

from facedit.speech.signal.levels import active_level_db, band_levels_db, frame_levels_db
from facedit.speech.signal.low_energy import level_db
from facedit.speech.sound_ops import fit_length, mono, resampled
from facedit.types import Float32, Float64, Sound
from facedit.units import sample_at

MOST_SEMITONES = 4.0
MOST_STRETCH = 1.3
MOST_COLOUR_DB = 8.0
MOST_GAIN_DB = 30.0
LOUDEST_PEAK = 0.99
HIGHEST_HZ = 11_000.0
"""Up to which the spectrum is matched: what voices at 24 kHz have."""
SPEECH_TO_ROOM_DB = 12.0
"""A pause must be this much quieter than the speech, or it is no room tone but more speech."""

_GRAIN_S = 0.080
_QUIETEST = 0.10


def stretch(samples: Float32, rate: int, factor: float) -> Float32:
    """Change the duration and not the pitch (libavfilter's ``atempo``, overlap-add).

    The factor is the new duration over the old one, 0.5 to 2 (ValueError); mono amplitudes (N,)
    become exactly ``round(N * factor)``.
    """
    if not 0.5 <= factor <= 2.0:
        raise ValueError(f"The stretch {factor} is outside of 0.5 to 2.")
    wanted = sample_at(len(samples) * factor / rate, rate)
    if wanted == len(samples):
        return samples
    # atempo holds the last part of a window back; silence pushes it out.
    pushed = np.pad(samples, (0, sample_at(0.2, rate)))
    return fit_length(_filtered(pushed, rate, "atempo", f"{1.0 / factor:.6f}"), wanted)


def shift_pitch(samples: Float32, rate: int, semitones: float) -> Float32:
    """Change the pitch and not the duration of mono amplitudes (N,); formants move along.

    Semitones are upwards if positive and clipped to 4 either way.
    """
    ratio = 2.0 ** (float(np.clip(semitones, -MOST_SEMITONES, MOST_SEMITONES)) / 12.0)
    if abs(ratio - 1.0) < 1e-3 or not len(samples):
        return samples
    longer = stretch(samples, rate, ratio)
    return fit_length(resampled(longer, round(rate * ratio), rate), len(samples))


def match_loudness(samples: Float32, rate: int, level: float) -> Float32:
    """Bring the speech to an active level in dB, or as far as nothing clips."""
    gain_db = float(np.clip(level - active_level_db(samples, rate), -MOST_GAIN_DB, MOST_GAIN_DB))
    gain = 10.0 ** (gain_db / 20.0)
    peak = float(np.abs(samples).max(initial=0.0)) * gain
    safe = gain * min(1.0, LOUDEST_PEAK / max(peak, 1e-9))
    return np.asarray(samples * safe, dtype=np.float32)


def match_loudness_limited(samples: Float32, rate: int, level: float) -> Float32:
    """Bring the speech to an active level in dB; a limiter holds peaks that would clip.

    A voice that was recorded loud has been through one too, and a quieter one beside it is heard.
    """
    for _ in range(2):  # what the limiter takes away is made up for once
        gain_db = float(
            np.clip(level - active_level_db(samples, rate), -MOST_GAIN_DB, MOST_GAIN_DB)
        )
        louder = samples * np.float32(10.0 ** (gain_db / 20.0))
        samples = limited(louder, rate)
    return samples


def limited(samples: Float32, rate: int) -> Float32:
    """Hold the peaks of mono amplitudes (N,) below full scale; what has none stays as it is."""
    if float(np.abs(samples).max(initial=0.0)) <= LOUDEST_PEAK:
        return samples
    settings = f"limit={LOUDEST_PEAK}:attack=2:release=40:level=0:latency=1"
    pushed = np.pad(samples, (0, sample_at(0.2, rate)))
    held = fit_length(_filtered(pushed, rate, "alimiter", settings), len(samples))
    return np.clip(held, -LOUDEST_PEAK, LOUDEST_PEAK)


def match_colour(samples: Float32, reference: Float32, rate: int) -> Float32:
    """Filter speech so that its long-term spectrum leans like the reference's at the same rate.

    Zero phase, at most 8 dB either way, active level kept.
    """
    if not len(samples) or len(reference) < 1024:
        return samples
    edges = _third_octaves(rate)
    ours, theirs = (band_levels_db(sound, rate, edges) for sound in (samples, reference))
    difference = theirs - ours
    # Bands weigh by how much they are heard; loudness is matched elsewhere.
    weight = 10.0 ** ((theirs - theirs.max()) / 20.0)
    difference -= float((difference * weight).sum() / weight.sum())
    smooth = np.convolve(np.pad(difference, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    gains = np.clip(smooth, -MOST_COLOUR_DB, MOST_COLOUR_DB)
    centres = np.sqrt(edges[1:] * edges[:-1])
    size = 1 << (len(samples) + rate // 10).bit_length()
    bins = np.fft.rfftfreq(size, 1.0 / rate)
    curve = np.interp(np.log(np.maximum(bins, 1.0)), np.log(centres), gains)
    spectrum = np.fft.rfft(samples.astype(np.float64), size) * 10.0 ** (curve / 20.0)
    filtered = np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)
    return match_loudness(filtered, rate, active_level_db(samples, rate))


def room_tone(reference: Sound, length: int, generator: np.random.Generator) -> Float32 | None:
    """Make the sound of the clip's room from its pauses, shape (length, channels).

    80 ms grains of the quietest tenth, overlapped by half with equal power, in an order that the
    generator gives; None where there is no pause (music, or speech throughout) or no room (digital
    silence).
    """
    grain = 2 * sample_at(_GRAIN_S / 2, reference.rate)
    wave = mono(reference)
    levels = frame_levels_db(wave, reference.rate, grain / reference.rate)
    if len(levels) < 5:
        return None
    heard = levels[levels > -90.0]
    if not len(heard):
        return None
    limit = float(np.quantile(heard, _QUIETEST)) + 1.0
    quiet = np.flatnonzero((levels <= limit) & (levels > -90.0))
    speech = active_level_db(wave, reference.rate)
    if limit > speech - SPEECH_TO_ROOM_DB:
        return None
    half = grain // 2
    count = length // half + 2
    fade = np.sin(np.pi * (np.arange(grain) + 0.5) / grain)[:, None]
    tone = np.zeros((count * half + half, reference.samples.shape[1]))
    for index, pick in enumerate(generator.choice(quiet, count)):
        piece = reference.samples[pick * grain : (pick + 1) * grain]
        tone[index * half : index * half + grain] += piece * fade
    return tone[half : half + length].astype(np.float32)


def add_room(sound: Sound, reference: Sound, generator: np.random.Generator) -> Sound:
    """Lay the clip's room tone under a snippet, as far as the snippet is quieter than it.

    The snippet has the reference's rate and channels; it is unchanged where the clip has no pause
    to take the room from.
    """
    tone = room_tone(reference, len(sound.samples), generator)
    if tone is None:
        return sound
    own = float(np.percentile(frame_levels_db(mono(sound), sound.rate), 5)) if len(tone) else 0.0
    if own >= level_db(tone):
        return sound
    mixed = sound.samples + tone
    peak = float(np.abs(mixed).max(initial=0.0))
    return Sound((mixed * min(1.0, LOUDEST_PEAK / max(peak, 1e-9))).astype(np.float32), sound.rate)


def fit_duration(sound: Sound, duration_s: float) -> Sound:
    """Give a sound exactly ``round(duration_s * rate)`` samples.

    Up to 40 ms are cut off or added at the end (faded); more is stretched, by no more than a factor
    of 2 (ValueError).
    """
    wanted = sample_at(duration_s, sound.rate)
    samples = sound.samples
    if abs(wanted - len(samples)) > sample_at(0.040, sound.rate):
        factor = wanted / max(1, len(samples))
        samples = np.stack([stretch(channel, sound.rate, factor) for channel in samples.T], axis=1)
    if wanted == len(samples):
        return Sound(samples, sound.rate)
    samples = samples[:wanted].copy()
    fade = min(sample_at(0.005, sound.rate), len(samples))
    samples[len(samples) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:, None]
    return Sound(fit_length(samples, wanted), sound.rate)


def _third_octaves(rate: int) -> Float64:
    """Return the edges of third-octave bands from 100 Hz to 11 kHz, or to 90 % of the band."""
    highest = min(HIGHEST_HZ, 0.45 * rate)
    count = int(3 * np.log2(highest / 100.0))
    return np.asarray(100.0 * 2.0 ** (np.arange(count + 1) / 3.0))


def _filtered(samples: Float32, rate: int, name: str, argument: str) -> Float32:
    """Run a mono sound through one filter of libavfilter."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="fltp", layout="mono")
    effect = graph.add(name, argument)
    sink = graph.add("abuffersink")
    source.link_to(effect)
    effect.link_to(sink)
    graph.configure()
    pieces: list[Float32] = []
    block = 4096
    for start in range(0, len(samples), block):
        piece = np.ascontiguousarray(samples[None, start : start + block], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate = rate
        frame.pts = start
        source.push(frame)
        pieces += _pulled(sink)
    source.push(None)
    pieces += _pulled(sink)
    return np.concatenate(pieces) if pieces else samples[:0]


def _pulled(sink: av.filter.FilterContext) -> list[Float32]:
    """Take what a filter has ready."""
    pieces: list[Float32] = []
    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return pieces
        if isinstance(frame, av.AudioFrame):
            pieces.append(np.asarray(frame.to_ndarray(), dtype=np.float32)[0])
