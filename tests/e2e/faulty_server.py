"""A server whose answers go wrong at random, the same way in each run, until it is told to be well.

Usage: python -m tests.e2e.faulty_server --folder FOLDER --latency SECONDS. Asking it for ``control/heal`` ends the
faults; ``control/away`` makes it go away for a second.
"""

from __future__ import annotations

import argparse
import random
import threading
from pathlib import Path

from lamella.testing import Fault, HttpServer, Latency
from lamella.testing.process import serve_until_orphaned
from tests.e2e.stores import is_chunk

AWAY_S = 1.0
CHANCES = {
    Fault(status=500): 0.02,
    Fault(status=503, retry_after=0.2): 0.01,
    Fault(status=429, retry_after=0.5): 0.002,
    Fault(status=404): 0.005,
    Fault(status=403): 0.002,
    Fault(status=401): 0.002,
    Fault("reset"): 0.01,
    Fault("truncate"): 0.01,
    Fault("length"): 0.005,
    Fault("corrupt"): 0.005,
    Fault("drip"): 0.002,
    Fault("hang"): 0.0005,
}


class Server:
    """The folder, the faults and the two words of command."""

    def __init__(self, folder: Path, latency: float) -> None:
        self._folder = folder
        self._random = random.Random(1)
        self.http = HttpServer(self._content, latency=Latency.lognormal(max(latency, 1e-4), 1.0))
        for fault, chance in CHANCES.items():
            self.http.fail_always(lambda path, chance=chance: self._befalls(path, chance), fault)

    def _befalls(self, path: str, chance: float) -> bool:
        return is_chunk(path) and not path.startswith("control/") and self._random.random() < chance

    def _content(self, path: str) -> bytes | None:
        match path:
            case "control/heal":
                self.http.heal()
                return b"well"
            case "control/away":
                threading.Thread(target=self._go_away, daemon=True).start()
                return b"away"
        file = self._folder / path
        return file.read_bytes() if file.is_file() else None

    def _go_away(self) -> None:
        self.http.go_away()
        threading.Event().wait(AWAY_S)
        self.http.come_back()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0.005)
    arguments = parser.parse_args()
    server = Server(arguments.folder, arguments.latency)
    with server.http:
        serve_until_orphaned(server.http.url)


if __name__ == "__main__":
    main()
