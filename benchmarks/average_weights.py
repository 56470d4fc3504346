"""Average the weights of runs that began with the same ones (a model soup, Wortsman et al. 2022).

python benchmarks/average_weights.py OUT.safetensors FILE=SHARE FILE=SHARE ...

Motion weights; everything but the network's numbers is taken from the first file, whose notes get
a line that says of what the average is made.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from facedit.model.checkpoint import load_model, save_model
from facedit.weights.fetch import sha256_of


def main(out: str, *parts: str) -> None:
    """Write the average of some files, by their shares."""
    files, numbers = zip(*(part.rsplit("=", 1) for part in parts), strict=True)
    shares = torch.tensor([float(number) for number in numbers])
    shares /= shares.sum()
    models = [load_model(file) for file in files]
    states = [model.net.state_dict() for model in models]
    net = models[0].net
    net.load_state_dict(
        {
            name: sum(share * state[name] for share, state in zip(shares, states, strict=True))
            for name in states[0]
        }
    )
    made_of = ", ".join(
        f"{share:.3f} of {sha256_of(Path(file))[:12]}"
        for share, file in zip(shares.tolist(), files, strict=True)
    )
    notes = {**models[0].notes, "average": made_of}
    save_model(replace(models[0], net=net, notes=notes), Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
