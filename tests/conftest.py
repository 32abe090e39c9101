"""What every test may rely on: Qt without a screen, and properties that try the same examples in every run."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A test that fails must fail again. The tests marked `nightly` draw examples of their own (derandomize=False).
settings.register_profile("default", derandomize=True, deadline=None, database=None)
settings.load_profile("default")
