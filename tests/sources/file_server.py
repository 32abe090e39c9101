"""A plain HTTP file server in a thread, with a log, faults for chosen paths, and a gate that holds requests."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TIMEOUT = 30  # seconds until a test gives up on something that should have happened


class FileServer:
    """Serves ``folder``. ``faults`` maps a predicate on paths to a status code, or to raw bytes as the answer."""

    def __init__(self, folder: Path, *, ranges: bool = True) -> None:
        self.requests: list[str] = []
        self.faults: list[tuple[Callable[[str], bool], int | bytes]] = []
        self._changed = threading.Condition()
        self._holding = False
        self._held = 0
        self._round = 0
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                path = self.path.lstrip("/")
                owner._arrived(path)
                for applies, fault in owner.faults:
                    if applies(path):
                        return self._fail(fault)
                file = folder / path
                if not file.is_file():
                    return self._answer(404, b"")
                data = file.read_bytes()
                header = self.headers.get("Range")
                if header is None or not ranges:
                    return self._answer(200, data)
                first, _, last = header.removeprefix("bytes=").partition("-")
                start = int(first) if first else max(len(data) - int(last), 0)
                stop = min(int(last) + 1, len(data)) if first and last else len(data)
                self._answer(206, data[start:stop], f"bytes {start}-{stop - 1}/{len(data)}")

            def _fail(self, fault: int | bytes) -> None:
                if isinstance(fault, int):
                    return self._answer(fault, b"")
                self.wfile.write(fault)
                self.close_connection = True

            def _answer(self, status: int, body: bytes, content_range: str | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if content_range is not None:
                    self.send_header("Content-Range", content_range)
                self.end_headers()
                self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            block_on_close = False

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # clients that went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def fail(self, applies: Callable[[str], bool], fault: int | bytes) -> None:
        self.faults.append((applies, fault))

    def hold(self) -> None:
        """From now on requests wait until `release`."""
        with self._changed:
            self._holding = True

    def wait_for_held(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._held >= count, TIMEOUT), (
                f"{self._held} of {count} requests came"
            )

    def release(self) -> None:
        """Let the requests go that are held now; later ones are held again."""
        with self._changed:
            self._round += 1
            self._held = 0
            self._changed.notify_all()

    def stop_holding(self) -> None:
        """No request waits any more."""
        with self._changed:
            self._holding = False
            self._round += 1
            self._changed.notify_all()

    def close(self) -> None:
        self.stop_holding()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(TIMEOUT)

    def _arrived(self, path: str) -> None:
        with self._changed:
            self.requests.append(path)
            self._held += 1
            arrived = self._round
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._holding or self._round > arrived, TIMEOUT)


@contextmanager
def served(folder: Path, *, ranges: bool = True) -> Iterator[FileServer]:
    server = FileServer(folder, ranges=ranges)
    try:
        yield server
    finally:
        server.close()
