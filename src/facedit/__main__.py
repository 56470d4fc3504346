"""``python -m facedit``."""

import sys

from facedit.cli.main import main

sys.exit(main())
