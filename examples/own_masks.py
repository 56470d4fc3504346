"""The one formulation: motion, a mask and speech in; motion out. Here on a clip's own sound.

Hides the lips for half a second and asks for three versions of what they did.

python examples/own_masks.py IN.mp4 START_SECONDS
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import facedit
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.resample import resample_track
from facedit.speech.encoders.features import extract
from facedit.units import frame_at


def main(source: str, start_s: str) -> None:
    frames = ((frame.time_s, frame.rgb()) for frame in read_frames(Path(source)))
    choice = FaceChoice.parse("largest")
    track = smooth_track(track_face(frames, choice, landmarker=Landmarker()))
    landmarks, confidence = resample_track(track, 0.0, frame_at(float(track.times_s[-1])) + 1)
    if not np.isfinite(landmarks).all():
        sys.exit("the face is not visible throughout: choose another clip.")
    space = MeshSpace.load()
    hidden = np.zeros(len(landmarks), dtype=bool)
    hidden[frame_at(float(start_s)) :][:12] = True
    identity = space.identity(landmarks[~hidden], confidence[~hidden])
    x = space.encode(landmarks, identity)
    mask = np.zeros_like(x, dtype=bool)
    mask[:, space.groups["lips"]] = hidden[:, None]
    speech = extract(read_sound(Path(source)), len(x)).values
    takes = facedit.infill(facedit.load_model(), x, mask, speech, seed=0, takes=3)
    print("lip opening in % of the eye distance, as shot and in three takes:")
    print(np.round(100 * lip_opening(landmarks[hidden]), 1))
    for take in takes:
        print(np.round(100 * lip_opening(space.decode(take, identity)[hidden]), 1))


if __name__ == "__main__":
    main(*sys.argv[1:3])
