"""``python -m chatcad``."""

import sys

from chatcad.cli import main

sys.exit(main())
