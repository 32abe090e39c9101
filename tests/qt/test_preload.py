"""What opening a URL needs is there before anybody opens one."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from lamella import Viewer
from lamella.qt import preload

SCRIPT = """
import sys
from qtpy.QtCore import QTimer
import lamella
viewer = lamella.Viewer()
assert "tensorstore" not in sys.modules
timer = QTimer()
timer.timeout.connect(lambda: "tensorstore" in sys.modules and "lamella.io" in sys.modules and viewer.close())
timer.start(10)
lamella.run()
print("preloaded")
"""


def test_an_idle_window_imports_what_opening_a_url_needs() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "preloaded", done.stderr


def test_a_window_closed_before_leaves_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preload, "_begun", threading.Event())  # as in a process without a window so far
    viewer = Viewer()
    assert viewer._preload._timer.isActive()
    viewer.close()
    assert not viewer._preload._timer.isActive()


@pytest.mark.parametrize(("layers", "expected"), [(0, 1), (1, 0)])
def test_a_window_without_layers_rehearses_its_first_picture(layers: int, expected: int) -> None:
    viewer = Viewer(show=False)
    rehearsals: list[None] = []
    viewer._pictures.rehearse = lambda: rehearsals.append(None)  # type: ignore[method-assign]
    for _ in range(layers):
        viewer.add_image(np.zeros((4, 4)))
    viewer.show()
    viewer.show()
    assert len(rehearsals) == expected
    viewer.close()
