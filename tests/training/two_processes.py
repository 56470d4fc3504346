"""Run by ``torchrun`` from a test: trains whole, broken and resumed, with SIGTERM at one rank only.

Arguments: the configuration of the unbroken run, that of the broken one, the step to be ended at.
"""

import os
import signal
import sys

import torch

from facedit.cli.main import main
from facedit.training.engine import Trainer

if __name__ == "__main__":
    whole, broken, end = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    done = [main(["train", whole])]
    original = Trainer.step

    def step(self, number):
        if rank == 1 and number == end - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, number)

    Trainer.step = step
    done.append(main(["train", broken]))
    Trainer.step = original
    done.append(main(["train", broken, "--resume"]))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    sys.stdout.flush()
    sys.stderr.flush()
    # Gloo's threads may outlive the interpreter on a busy machine and abort its end: all is saved.
    os._exit(max(done))
