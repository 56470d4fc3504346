import json

import pytest

from facedit.speech.text.pronounce import _asset, _reader
from facedit.speech.text.word_lists import Lexicon, Weights


@pytest.mark.parametrize(
    "held",
    [
        {"a": "ɐ", "a b": "x", "a'b": "y", "z": "zˈi"},
        {"live": {"DEFAULT": "lˈɪv", "ADJ": None}},
        {"lead": {"NOUN": "lˈɛd"}, "leads": "lˈidz", "read": {"VBD": "ɹˈɛd"}, "us": {"DT": "ʌs"}},
        {"a": "b", "read": {"VBD": "ɹˈɛd"}, "ready": "ɹˈɛdi"},
    ],
)
def test_a_lexicon_says_what_its_text_says(held):
    lexicon = Lexicon(json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode())
    assert {word: lexicon.get(word) for word in held} == held
    for word in ("", "b", "a ", "DEFAULT", "NOUN", "rea", 'a":"', "\ud800"):
        assert lexicon.get(word) == held.get(word)


def test_weights_are_found_by_their_feature():
    held = {"b": {"NN": 7.1, "``": -3.0}, "p1=\\": {"NN": 3.7}, "w+1=—": {"IN": 1.5}}
    weights = Weights(json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode())
    assert {feature: weights.get(feature) for feature in (*held, "NN", "p1=")} == {
        **held,
        "NN": None,
        "p1=": None,
    }


def test_hibari_s_own_files_are_read_as_parsing_them_does():
    g2p = _reader(False).g2p
    parsed = json.loads(_asset("lexicon_us_gold.json.gz"))
    words = [*list(parsed)[::40], *(w for w, said in parsed.items() if isinstance(said, dict))]
    assert all(g2p.lexicon.golds.d.get(word) == parsed[word] for word in words)
    assert all(g2p.lexicon.golds.d.get(f"{word}|") is None for word in words)
    parsed = json.loads(_asset("tagger.json.gz"))
    assert (g2p.tagger.tags, g2p.tagger.tagdict) == (parsed["tags"], parsed["tagdict"])
    assert g2p.tagger.vocab == set(parsed["vocab"])
    features = list(parsed["weights"])[::40]
    assert all(g2p.tagger.weights.get(name) == parsed["weights"][name] for name in features)
