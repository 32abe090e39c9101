"""An empty Qt window with a heartbeat, beside the same load in another process: what the machine alone costs.

``python -m benchmarks.witness`` prints ``ready``; for each line ``BEGIN END`` on its standard input (perf_counter,
which all processes of one machine share on Linux) it prints its longest gap in that time, seconds; it ends with the
input.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from benchmarks.measures import stall

HEARTBEAT_MS = 2
KEPT = 300_000  # ten minutes


def main() -> None:
    app = QApplication(sys.argv)
    window = QWidget()
    window.setGeometry(1010, 0, 1000, 800)
    window.show()
    beats: deque[float] = deque(maxlen=KEPT)
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start(HEARTBEAT_MS)
    ended = threading.Event()

    def answer() -> None:
        for line in sys.stdin:
            begin, end = map(float, line.split())
            print(stall(list(beats), begin, end).longest, flush=True)
        ended.set()

    threading.Thread(target=answer, daemon=True).start()
    end = QTimer()
    end.timeout.connect(lambda: app.quit() if ended.is_set() else None)
    end.start(100)
    print("ready", flush=True)
    app.exec()


if __name__ == "__main__":
    main()
