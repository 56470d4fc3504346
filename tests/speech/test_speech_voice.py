from dataclasses import replace

import numpy as np
import pytest

from facedit.errors import AssetMissing, BadTranscript, UsageError
from facedit.speech.fit.clip_reference import Footage, Reference, voice_sounds
from facedit.speech.fit.own_recording import cut_from_recording
from facedit.speech.fit.snippet import speech_for, speech_for_edit
from facedit.speech.fit.voice_choice import choose_voice
from facedit.speech.own_voice.sounds import FRAMES_PER_TICK
from facedit.speech.recognition.align import CLEAR_FIT
from facedit.speech.recognition.forced import force_align, mean_score
from facedit.speech.signal.background import Background
from facedit.speech.signal.levels import active_level_db, median_pitch
from facedit.speech.sound_ops import from_mono, mono, resampled, speech_samples
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.kokoro_voice import kokoro_voices
from facedit.speech.voices.voice import check_speakable, synthesise, voice_named, voices
from facedit.speech.voices.voice_bank import load_bank
from facedit.speech.voices.voice_pace import at_pace
from facedit.types import Sound


def test_the_default_voice_speaks_and_always_the_same(sentence):
    sound, transcript = synthesise(sentence)
    again, _ = synthesise(sentence, "hibari")
    np.testing.assert_array_equal(sound.samples, again.samples)
    assert transcript.text == sentence
    assert sound.rate == 24_000
    assert sound.samples.shape[1] == 1


def test_speed_shortens(sentence):
    slow, fast = (synthesise(sentence, speed=speed)[0].duration_s for speed in (0.8, 1.3))
    assert slow / fast == pytest.approx(1.3 / 0.8, rel=0.15)


@pytest.mark.parametrize(
    ("text", "voice", "speed"),
    [("…", "default", 1), ("Привет", "default", 1), ("Hi", "nobody", 1), ("Hi", "default", 9)],
)
def test_what_cannot_be_said_is_refused(text, voice, speed):
    with pytest.raises(UsageError):
        synthesise(text, voice, speed)


def test_without_kokoro_its_voices_are_named_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    assert voices() == ["hibari"]
    with pytest.raises(AssetMissing, match=r"kokoro\.onnx"):
        voice_named("am_michael")


def test_the_bank_holds_unit_vectors_for_every_voice():
    names, embeddings = load_bank()
    assert names == ["hibari", *(name for name in kokoro_voices() if name[0] in "ab")]
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-4)
    heart = embeddings[names.index("hibari")] @ embeddings.T
    # hibari was distilled from this voice.
    assert sorted(names, key=lambda name: -heart[names.index(name)])[1] == "af_heart"


def test_a_snippet_holds_the_new_words_at_the_clips_rate_pitch_and_level(spoken, sentence):
    clip = resampled(mono(spoken), spoken.rate, 44_100) * np.float32(0.3)
    reference = from_mono(clip, 44_100, channels=2)
    words = sentence.split()
    _, transcript = synthesise(sentence)
    known = Reference(reference, transcript.words)
    snippet = speech_for_edit(words[:4], ["extremely", "windy"], words[5:], "default", known)
    assert snippet.sound.rate == 44_100
    assert snippet.sound.samples.shape[1] == 2
    assert snippet.voice == "hibari"
    assert [word.text for word in snippet.transcript.words] == ["extremely", "windy"]
    assert snippet.transcript.words[0].start_s < 0.1
    assert snippet.sound.duration_s - snippet.transcript.words[-1].end_s < 0.1
    heard = speech_samples(snippet.sound)
    level = active_level_db(clip, 44_100)
    assert active_level_db(mono(snippet.sound), 44_100) == pytest.approx(level, abs=4)
    theirs, ours = median_pitch(speech_samples(reference), 16_000), median_pitch(heard, 16_000)
    assert abs(12 * np.log2(ours / theirs)) < 3
    # The cut-out words are heard in it, and other words are not.
    padded = np.pad(heard, 1600)
    good, bad = (
        force_align(padded, text) for text in (["extremely", "windy"], ["purple", "octopus"])
    )
    assert mean_score(good) > CLEAR_FIT
    assert bad is None or mean_score(bad) < mean_score(good) - 2


def test_new_words_end_a_phrase_where_the_clip_pauses(spoken, sentence, monkeypatch) -> None:
    _, transcript = synthesise(sentence)
    texts, said = sentence.split(), []

    def heard(voice, text, *rest):
        said.append(text)
        return at_pace(voice, text, *rest)

    monkeypatch.setattr("facedit.speech.fit.snippet.at_pace", heard)
    for pause_s in (0.0, 0.4):
        words = [
            replace(word, start_s=word.start_s + late_s, end_s=word.end_s + late_s)
            for number, word in enumerate(transcript.words)
            for late_s in [pause_s * ((number > 3) + (number > 4))]
        ]
        known = Reference(spoken, words, place_s=(words[4].start_s, words[4].end_s))
        snippet = speech_for_edit(texts[:4], ["windy"], texts[5:], "default", known)
        assert snippet.transcript.text == "windy"
    assert said == [
        "The weather will be windy again tomorrow morning.",
        "The weather will be, windy, again tomorrow morning.",
    ]


def test_own_words_that_are_said_in_the_clip_are_taken_from_there(spoken, sentence):
    _, transcript = synthesise(sentence)
    place_s = (transcript.words[6].start_s, transcript.words[6].end_s)  # "tomorrow"
    known = Reference(spoken, transcript.words, place_s=place_s, start_s=10.0)
    own = replace(choose_voice("hibari", None), own=True)
    words = sentence.split()
    sounding = replace(known, sounds=voice_sounds(known))
    snippet = speech_for_edit(words[:6], ["again"], words[7:], own, sounding)
    assert snippet.choice is not None
    assert not snippet.choice.imitation
    said_s = 10.0 + transcript.words[5].start_s
    assert str(snippet.choice) == f"the speaker's own, said in the clip at {said_s:.2f} s"
    # The very samples, but for their level.
    ours, theirs = mono(snippet.sound).astype(np.float64), mono(spoken).astype(np.float64)
    found = np.correlate(theirs, ours, "valid")
    start = int(found.argmax())
    piece = theirs[start : start + len(ours)]
    gain = (ours @ piece) / (piece @ piece)
    np.testing.assert_allclose(ours, gain * piece, atol=1e-5)
    assert start / spoken.rate == pytest.approx(transcript.words[5].start_s, abs=0.1)


def test_own_words_of_footage_are_taken_and_imitated_from(spoken, sentence, monkeypatch):
    """They are brought to the clip's rate and level, and the clip's own words stay beside them."""
    monkeypatch.setattr("facedit.speech.own_voice.elsewhere.MOST_COST", 9.0)
    _, transcript = synthesise(sentence)
    place_s = (transcript.words[4].start_s, transcript.words[4].end_s)
    more, said = synthesise("It was a stormy evening in the middle of winter.")
    louder = from_mono(resampled(mono(more), 24_000, 16_000) * np.float32(2), 16_000)
    known = Reference(spoken, transcript.words, place_s=place_s, start_s=10.0)
    footage = Footage(louder, said.words, "more.mp4").as_in(known)
    assert footage.sound.rate == spoken.rate
    level = active_level_db(mono(spoken), 24_000)
    assert active_level_db(mono(footage.sound), 24_000) == pytest.approx(level, abs=0.5)
    heard, words = replace(known, footage=footage).heard()
    assert heard.duration_s == pytest.approx(spoken.duration_s + more.duration_s, abs=0.01)
    assert words[-1].end_s == pytest.approx(spoken.duration_s + said.words[-1].end_s, abs=0.01)
    sounds = voice_sounds(Reference(footage.sound, footage.words))
    both = replace(known, sounds=voice_sounds(known), footage=replace(footage, sounds=sounds))
    speaker = both.speaker(mono(spoken))
    assert [word.text for word in speaker.after] == sentence.split()[5:]
    assert len(speaker.sounds.active) == len(speaker.sounds.states) * FRAMES_PER_TICK
    own, texts = replace(choose_voice("hibari", None), own=True), sentence.split()
    snippet = speech_for_edit(texts[:4], ["stormy"], texts[5:], own, both)
    at_s = said.words[3].start_s
    assert str(snippet.choice) == f"the speaker's own, said in more.mp4 at {at_s:.2f} s"
    assert mean_score(force_align(np.pad(speech_samples(snippet.sound), 1600), ["stormy"])) > -2


def test_where_an_imitation_is_less_understood_the_nearest_voice_speaks_as_if_asked(
    spoken, sentence, monkeypatch
):
    _, transcript = synthesise(sentence)
    words, texts = transcript.words, sentence.split()
    known = Reference(spoken, words, place_s=(words[4].start_s, words[4].end_s))
    heard: list[np.ndarray] = []

    def unheard(new: np.ndarray, *_: object) -> tuple[int, ...]:
        heard.append(new)
        return () if len(heard) == 2 else (0,)

    monkeypatch.setattr("facedit.speech.own_voice.imitate.WEIGHTS", (0.85, 0.4))
    monkeypatch.setattr("facedit.speech.fit.clip_reference.unheard_in_place", unheard)
    own = replace(choose_voice("hibari", None), own=True)
    sounding = replace(known, sounds=voice_sounds(known))
    snippet = speech_for_edit(texts[:4], ["stormy"], texts[5:], own, sounding)
    plain = speech_for_edit(texts[:4], ["stormy"], texts[5:], "hibari", known)
    np.testing.assert_array_equal(snippet.sound.samples, plain.sound.samples)
    assert "would not be understood" in snippet.choice.warning
    # All were heard as they would be cut and stand in the clip, the voice before it is given up.
    assert len(heard) == 3
    assert len(heard[1]) == len(plain.sound.samples)
    assert not np.array_equal(heard[0], heard[1])


def test_words_are_heard_over_what_goes_on_under_them(spoken, sentence):
    _, transcript = synthesise(sentence)
    word = transcript.words[4]
    first, last = (round(at_s * spoken.rate) for at_s in (word.start_s, word.end_s))
    din = np.random.default_rng(3).normal(0, 0.3, spoken.samples.shape).astype(np.float32)
    loud = Sound(spoken.samples + din, spoken.rate)
    place_s = (word.start_s, word.end_s)
    floor = np.full((1, 1025), 100.0, np.float32)  # lets all through
    under = Background(floor, np.zeros((1, 1), np.float32))
    known = Reference(spoken, transcript.words, place_s=place_s)
    new, gains = mono(spoken)[first:last], np.ones(1, np.float32)
    quiet = replace(known, sounds=voice_sounds(known))
    assert quiet.unheard(new, [word.text], gains) == ()
    assert replace(quiet, sound=loud, background=under).unheard(new, [word.text], gains) == (0,)


def test_a_slower_clip_gets_a_slower_snippet(spoken, sentence):
    slow, transcript = synthesise(sentence, speed=0.75)
    words = sentence.split()
    pace = [
        speech_for_edit(
            words[:4], ["windy"], words[5:], "hibari", Reference(reference, known.words)
        )
        for reference, known in ((slow, transcript), synthesise(sentence, speed=1.3))
    ]
    assert pace[0].speed < 0.9 < 1.1 < pace[1].speed
    assert pace[0].sound.duration_s > 1.25 * pace[1].sound.duration_s


def test_nothing_to_speak_is_refused(spoken):
    with pytest.raises(UsageError, match="no new words"):
        speech_for_edit(["a"], ["…"], ["b"], "default", Reference(spoken))


NEW = ["The", "weather", "will", "be", "terribly", "stormy", "again", "tomorrow", "morning."]


@pytest.mark.parametrize("said", ["Terribly stormy.", " ".join(NEW)])
def test_a_recording_of_the_words_or_of_the_sentence_gives_the_words(said, spoken):
    recording = HibariVoice().speak(said, 1.0)
    reference = Reference(from_mono(mono(spoken), 22_050, 2))
    snippet = cut_from_recording(recording, NEW, 4, 2, reference=reference)
    assert [word.text for word in snippet.transcript.words] == ["terribly", "stormy"]
    assert snippet.sound.rate == 22_050
    assert 0.5 < snippet.sound.duration_s < 1.6
    heard = np.pad(speech_samples(snippet.sound), 1600)
    assert mean_score(force_align(heard, ["terribly", "stormy"])) > CLEAR_FIT


@pytest.mark.parametrize(
    "said",
    [
        "Please remember to feed the goldfish.",
        "Quietly sunny.",
        "The weather will be quietly sunny again tomorrow morning.",
    ],
)
def test_a_recording_of_something_else_is_refused(said):
    """Also where all of the sentence but the new words is right."""
    recording = HibariVoice().speak(said, 1.0)
    with pytest.raises(BadTranscript, match="neither"):
        cut_from_recording(recording, NEW, 4, 2)


def test_no_voice_speaks_for_ever():
    for speak in (synthesise, check_speakable):
        with pytest.raises(UsageError, match="the new speech: 20001 letters; at most 20000"):
            speak("a b" * 6667)  # three letters each
        with pytest.raises(UsageError, match="the new speech: a word of 301 letters"):
            speak("a" * 301)


def test_a_text_is_not_said_in_the_speakers_voice_where_less_would_be_understood(
    spoken, sentence, monkeypatch
):
    own = replace(choose_voice("hibari", None), own=True)
    monkeypatch.setattr("facedit.speech.fit.snippet.say", lambda *_: None)
    sound, words, choice = speech_for(sentence, own, spoken)
    np.testing.assert_array_equal(sound.samples, spoken.samples)
    assert words.text == sentence
    assert not choice.own
    assert "would not be understood" in choice.warning
    assert speech_for(sentence, own, None)[2] == own
