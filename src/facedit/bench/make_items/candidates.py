"""An edit somebody could make, and how it becomes an item: the sound is made, the plan laid out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from facedit.bench.item_sound import edit_sound
from facedit.bench.items import Item, Kind, SoundRecipe
from facedit.bench.make_items.build_clip import BuildClip
from facedit.bench.make_items.labels import SHORT_NAME, edit_length, edit_position, item_seed, slug
from facedit.compose.source.clip import Clip
from facedit.compose.words.plans import edit_joints
from facedit.editing.diff import WordEdit
from facedit.editing.plan import Keep
from facedit.errors import BadEdit
from facedit.progress import StageClock
from facedit.types import Word

OWN = SoundRecipe("own")
"""Nothing is said anew."""

AROUND_S = 0.2
"""Seconds on either side of an edit in which the face must be there."""

LEAST_KEPT_S = 0.3
"""Least of a clip that an edit must leave."""


def spoken_by(voice: str, edit: WordEdit) -> SoundRecipe:
    """Let a voice say the new words of an edit, if there are any."""
    return SoundRecipe("voice", voice=voice) if edit.new_words else OWN


@dataclass(frozen=True, slots=True)
class EditCandidate:
    """An edit of a clip that could become an item.

    Attributes:
        origin: Where its text comes from: ``grammar``, ``list`` or ``rules``.
        sound: Where its sound comes from.
        donor: Another clip of the same speaker that holds the new words, instead.
        donor_words: Which words of it: first, one past the last.
    """

    clip: BuildClip
    edit: WordEdit
    origin: str
    sound: SoundRecipe = OWN
    donor: BuildClip | None = None
    donor_words: tuple[int, int] = (0, 0)

    @property
    def about(self) -> str:
        """The edit in words, for messages."""
        words = [word.text for word in self.clip.facts.words]
        old = " ".join(words[self.edit.old_start : self.edit.old_end])
        return f"{self.clip.facts.file}, {self.edit.kind} “{old}” → “{self.edit.text}”"

    @property
    def key(self) -> str:
        """A name of the edit that is the same in every run."""
        return f"{self.clip.facts.file}/{self.edit.old_start}-{self.edit.old_end}/{self.edit.text}"

    def item(self, root: Path, seed: int, number: int) -> Item:
        """Make the sound and lay the edit out; ``BadEdit`` if it cannot be made."""
        facts = self.clip.facts
        length = edit_length(self.edit)
        if length is None:
            raise BadEdit("it says or cuts more than ten words")
        recipe = self._recipe()
        snippet, joint = edit_sound(
            self.clip.path, self.clip.info, facts.transcript, self.edit, recipe, root
        )
        if not self.clip.holds_face(joint[0] - AROUND_S, joint[1] + AROUND_S):
            raise BadEdit(f"no face, or a cut, around {joint[0]:.2f}-{joint[1]:.2f} s")
        name = f"edit-{SHORT_NAME[self.edit.kind]}-{length}-{slug(facts.file)}-{number}"
        item = Item(
            id=name,
            track="edit",
            kind=cast(Kind, self.edit.kind),
            length=length,
            position=edit_position(self.edit, len(facts.words), joint, facts.duration_s),
            clip=facts,
            sound=recipe,
            old_start=self.edit.old_start,
            old_end=self.edit.old_end,
            new_words=self.edit.new_words,
            joint_s=joint,
            speech_s=0.0 if snippet is None else snippet.sound.duration_s,
            seed=item_seed(seed, name),
        )
        keeps = [one for one in item.plan().segments if isinstance(one, Keep)]
        if (kept := sum(one.source_end_s - one.source_start_s for one in keeps)) < LEAST_KEPT_S:
            raise BadEdit(f"only {kept:.2f} s of the clip would be left")
        return item

    def _recipe(self) -> SoundRecipe:
        """Return where the sound comes from; finds the words in the donor."""
        if self.donor is None:
            return self.sound
        facts, (first, last) = self.donor.facts, self.donor_words
        clip = Clip(self.donor.path, StageClock(), info=self.donor.info)
        ((start_s, end_s),) = edit_joints(clip, facts.transcript, (WordEdit(first, last),))
        spoken = []
        for word in facts.words[first:last]:
            begin_s = round(max(word.start_s - start_s, 0.0), 4)
            spoken.append(Word(word.text, begin_s, round(min(word.end_s, end_s) - start_s, 4)))
        return replace(
            self.sound, source="speaker", file=facts.file, sha256=facts.sha256, start_s=start_s,
            end_s=end_s, words=tuple(spoken),
        )  # fmt: skip
