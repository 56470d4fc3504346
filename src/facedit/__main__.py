"""``python -m facedit``."""

import sys

from facedit.cli import main

sys.exit(main())
