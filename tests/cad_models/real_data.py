"""Where the public films are; tests that need them are skipped with the reason where they aren't."""

import pytest

from chatcad.config import load_settings

DATA = load_settings().data
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data is not at {DATA}: set CHATCAD_DATA")
