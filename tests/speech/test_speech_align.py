import itertools

import numpy as np
import pytest

from facedit.errors import BadTranscript
from facedit.speech.recognition.align import align, anchor, confidence, phones
from facedit.speech.sound_ops import from_mono, mono
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.types import Sound, Word

OTHER = "Seven hundred penguins marched silently toward the frozen ocean."


def test_words_are_found_as_written_and_in_order(spoken, sentence):
    transcript = align(spoken, sentence)
    assert transcript.text == sentence
    assert transcript.origin == "phone alignment"
    edges = [edge for word in transcript.words for edge in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert np.median([word.score for word in transcript.words]) > 0.8
    assert 0.5 < sum(w.end_s - w.start_s for w in transcript.words) / spoken.duration_s <= 1


def test_times_follow_the_sound(spoken, sentence):
    """Half a second of silence in front moves every word by half a second."""
    samples = mono(spoken)
    later = from_mono(
        np.concatenate([np.zeros(spoken.rate // 2, np.float32), samples]), spoken.rate
    )
    for one, two in zip(align(spoken, sentence).words, align(later, sentence).words, strict=True):
        assert two.start_s - one.start_s == pytest.approx(0.5, abs=0.06)
        assert two.end_s - one.end_s == pytest.approx(0.5, abs=0.06)


def test_a_pause_lies_between_words():
    voice = HibariVoice()
    first, second = voice.speak("Good morning.", 1.0), voice.speak("See you later.", 1.0)
    silence = np.zeros((first.rate, 1), np.float32)
    whole = Sound(np.concatenate([first.samples, silence, second.samples]), first.rate)
    words = align(whole, "Good morning. See you later.").words
    assert words[1].end_s < first.duration_s + 0.1
    assert words[2].start_s > first.duration_s + 0.9


def test_numbers_and_invented_words_keep_their_place():
    text = "On May 23rd, Zorbulon paid $40."
    words = align(HibariVoice().speak(text, 1.0), text).words
    assert [word.text for word in words] == text.split()
    assert words[2].end_s - words[2].start_s > words[0].end_s - words[0].start_s


def test_another_text_is_refused(spoken):
    with pytest.raises(BadTranscript, match="not what is said"):
        align(spoken, OTHER)
    assert align(spoken, OTHER, check=False).text == OTHER


def test_a_text_that_is_right_only_in_its_first_half_is_refused():
    right = "The train to the coast was late, so we walked along the river for an hour."
    sound = HibariVoice().speak(right, 1.0)
    assert align(sound, right).text == right
    with pytest.raises(BadTranscript, match=r"(in part only|not what is said)"):
        align(
            sound, "The train to the coast was late, and purple elephants bought cheap umbrellas."
        )


def test_a_text_without_words_is_refused(spoken):
    with pytest.raises(BadTranscript, match="no words"):
        align(spoken, " … ")


def test_cross_attention_agrees_with_the_phone_alignment(spoken, sentence):
    """Another language goes the other way; the words are at the same places."""
    measured = align(spoken, sentence).words
    attended = align(spoken, sentence, language="de", check=False)
    assert attended.origin == "whisper-base attention"
    assert attended.text == sentence
    errors = [abs(a.start_s - b.start_s) for a, b in zip(attended.words, measured, strict=True)]
    assert np.median(errors) < 0.15


def test_phones_tile_their_words(spoken, sentence):
    found = phones(spoken, sentence)
    words = align(spoken, sentence).words
    for index, word in enumerate(words):
        inside = [phone for phone in found if phone.word == index]
        assert inside[0].start_s == pytest.approx(word.start_s)
        assert inside[-1].end_s == pytest.approx(word.end_s)
        for one, two in itertools.pairwise(inside):
            assert one.end_s == pytest.approx(two.start_s)
    assert [phone.name for phone in found if phone.word == 3] == ["B", "IY"]


def test_anchored_words_take_their_times_from_recognised_ones():
    heard = [Word("The", 0.1, 0.3), Word("big", 0.3, 0.6), Word("dog.", 1.0, 1.5)]
    words, share = anchor(["The", "very", "big", "cat", "dog"], heard, 2.0)
    assert share == pytest.approx(0.6)
    assert [(w.text, round(w.start_s, 2), round(w.end_s, 2)) for w in words] == [
        ("The", 0.1, 0.3),
        ("very", 0.3, 0.3),
        ("big", 0.3, 0.6),
        ("cat", 0.6, 1.0),
        ("dog", 1.0, 1.5),
    ]
    spread, share = anchor(["no", "match"], heard, 2.0)
    assert share == 0
    assert spread[-1].end_s == 2.0


def test_recognised_words_in_another_spelling_give_their_times():
    heard = [Word("pay", 0.1, 0.3), Word("$20", 0.3, 0.9), Word("25", 1.0, 1.4)]
    words, share = anchor(["Pay", "twenty", "dollars", "25"], heard, 2.0)
    assert share == 1.0
    assert [(word.start_s, word.end_s) for word in (words[0], words[3])] == [(0.1, 0.3), (1.0, 1.4)]
    assert words[1].start_s == 0.3 < words[1].end_s == words[2].start_s < words[2].end_s == 0.9
    assert anchor(["20", "dollars"], heard, 2.0)[1] == 1.0
    assert anchor(["zwanzig"], [Word("20", 0.0, 1.0)], 1.0, "de")[1] == 0.0


def test_confidence_grows_with_the_score():
    values = [confidence(score) for score in (-1e9, -5, -3, -1.5, -0.3, 0)]
    assert values == sorted(values)
    assert values[3] == 0.5
    assert values[0] < 0.01 < 0.9 < values[4]
