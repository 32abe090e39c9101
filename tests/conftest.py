"""What every test may rely on: Qt without a screen, and properties that try the same examples in every run."""

import faulthandler
import os
import signal

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# In the background of a shell script Ctrl-C is ignored, and processes that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A test that fails must fail again. The tests marked `nightly` draw examples of their own (derandomize=False).
settings.register_profile("default", derandomize=True, deadline=None, database=None)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _nightly_tests_take_their_time(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("nightly") is not None:
        faulthandler.cancel_dump_traceback_later()
