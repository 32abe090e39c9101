"""An HTTP/1.1 server on 127.0.0.1 with latency, a bandwidth, a log, and faults on request.

It serves a folder or a function of the path. It runs in a thread of its own; `ServerProcess` runs it in a process, so
that it does not share the interpreter with what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import re
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lamella.testing.faults import Fault
from lamella.testing.shaping import Link

Content = Callable[[str], bytes | None]
Matcher = Callable[[str], bool]

REASONS = {200: "OK", 206: "Partial Content", 404: "Not Found", 416: "Range Not Satisfiable", 500: "Error"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_LINGER_NOT = struct.pack("ii", 1, 0)  # closing drops what is unsent and answers with a reset
DRIP_BYTES, DRIP_S = 64, 0.05


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the server saw, with its path as sent, without leading slash.

    Times are seconds of `time.perf_counter`: when it had come, and when its answer was handed to the network. Status 0
    is a request that was left hanging.
    """

    method: str
    path: str
    range: str | None
    status: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """A request before its answer."""

    method: str
    path: str
    range: str | None
    began: float


class HttpServer:
    """A server under control. A context manager: it serves inside the block.

    Thread-safe.

    Parameters
    ----------
    content : path or callable
        A folder, or a function from a path without leading slash to bytes, None where there is nothing. The function
        is called on ``threads`` worker threads. What it raises is answered with status 500.
    latency : float or callable
        Seconds before each answer begins, or a function that gives them anew for each.
    bandwidth : float, optional
        Bytes a second that all answers share.
    port : int
        0 takes a free one.
    threads : int

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:port``.
    """

    def __init__(
        self,
        content: str | Path | Content,
        *,
        latency: float | Callable[[], float] = 0.0,
        bandwidth: float | None = None,
        port: int = 0,
        threads: int = 2,
    ) -> None:
        self._content: Content = content if callable(content) else _folder(Path(content))
        self.latency = latency
        self._link = Link(bandwidth)
        self._port = port
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="http-content")
        self._lock = threading.Lock()
        self._log: list[Request] = []
        self._once: dict[str, deque[Fault | None]] = defaultdict(deque)
        self._always: list[tuple[Matcher, Fault]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http-server", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._stopping: asyncio.Event | None = None

    # Any thread

    def start(self) -> HttpServer:
        self._thread.start()
        self._call(self._listen())
        return self

    def stop(self) -> None:
        """End every connection, the thread and the workers."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            self._call(self._go_away())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._workers.shutdown(cancel_futures=True)
        self._loop.close()

    def __enter__(self) -> HttpServer:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> list[Request]:
        """The requests that were answered so far, or given up."""
        with self._lock:
            return list(self._log)

    def clear_log(self) -> None:
        with self._lock:
            self._log.clear()

    def fail(self, path: str, faults: Iterable[Fault | None]) -> None:
        """Answer the next requests for ``path`` (no leading slash) with these faults, one each; None is no fault."""
        with self._lock:
            self._once[path].extend(faults)

    def fail_always(self, matches: Matcher, fault: Fault) -> None:
        """Answer every request whose path ``matches`` with ``fault``, until `heal`."""
        with self._lock:
            self._always.append((matches, fault))

    def heal(self) -> None:
        """Answer everything properly from now on. Requests that hang go on hanging."""
        with self._lock:
            self._once.clear()
            self._always.clear()

    def go_away(self) -> None:
        """Refuse connections and end those that are open, until `come_back`."""
        self._call(self._go_away())

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self._call(self._listen())

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # The server's thread

    async def _listen(self) -> None:
        self._stopping = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, reuse_address=True, backlog=512)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _go_away(self) -> None:
        if self._server is None:
            return
        # Connections that asyncio is about to accept would be left open, and known to nobody, if it closed now.
        while accepting := asyncio.all_tasks() - self._connections - {asyncio.current_task()}:
            await asyncio.wait(accepting, timeout=1)
        self._server.close()
        assert self._stopping is not None
        self._stopping.set()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, asyncio.LimitOverrunError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is to end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        began = time.perf_counter()
        request_line, *lines = head.split("\r\n")
        method, target, _ = request_line.split(" ", 2)
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
        seen = _Seen(method, unquote(urlsplit(target).path).lstrip("/"), headers.get("range"), began)
        fault = self._next_fault(seen.path)
        latency = self.latency() if callable(self.latency) else self.latency
        if latency > 0:
            await asyncio.sleep(latency)
        if fault is not None and fault.kind == "hang":
            assert self._stopping is not None
            try:
                await self._stopping.wait()
            finally:
                self._note(seen, 0)
            return False
        if fault is not None and fault.kind == "status":
            extra = [] if fault.retry_after is None else [f"Retry-After: {fault.retry_after:g}"]
            await self._send(writer, seen, fault.status, b"", extra)
            return True
        try:
            content = await self._loop.run_in_executor(self._workers, self._content, seen.path)
        except Exception as error:  # whatever it is, it is the content's, and the connection goes on
            await self._send(writer, seen, 500, repr(error).encode(), [])
            return True
        status, body, extra = _ranged(content, seen.range)
        if fault is not None:
            return await self._send_broken(writer, seen, fault, status, body, extra)
        await self._send(writer, seen, status, body, [*extra, f"Content-Type: {_type_of(seen.path)}"])
        return True

    def _note(self, seen: _Seen, status: int) -> None:
        with self._lock:
            self._log.append(Request(seen.method, seen.path, seen.range, status, seen.began, time.perf_counter()))

    def _next_fault(self, path: str) -> Fault | None:
        with self._lock:
            script = self._once.get(path)
            if script:
                return script.popleft()
            return next((fault for matches, fault in self._always if matches(path)), None)

    async def _send(
        self, writer: asyncio.StreamWriter, seen: _Seen, status: int, body: bytes, extra: list[str], length: int = -1
    ) -> None:
        now = time.monotonic()
        wait = self._link.sent_at(now, 0 if seen.method == "HEAD" else len(body)) - now
        if wait > 0:
            await asyncio.sleep(wait)
        lines = [
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}",
            f"Content-Length: {len(body) if length < 0 else length}",
            "Accept-Ranges: bytes",
            *extra,
        ]
        self._note(seen, status)  # before the answer is out, so that who has it finds it in the log
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        if seen.method != "HEAD":
            writer.write(body)
        await writer.drain()

    async def _send_broken(
        self, writer: asyncio.StreamWriter, seen: _Seen, fault: Fault, status: int, body: bytes, extra: list[str]
    ) -> bool:
        match fault.kind:
            case "corrupt":
                await self._send(writer, seen, status, bytes(255 - b for b in body), extra)
                return True
            case "drip":
                await self._send(writer, seen, status, b"", extra, len(body))
                for i in range(0, len(body), DRIP_BYTES):
                    writer.write(body[i : i + DRIP_BYTES])
                    await writer.drain()
                    await asyncio.sleep(DRIP_S)
                return True
            case "length":
                await self._send(writer, seen, status, body, extra, len(body) + 100)
            case _:
                await self._send(writer, seen, status, body[: len(body) // 2], extra, len(body))
        if fault.kind == "reset":
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        else:
            writer.write_eof()
        return False


def _folder(root: Path) -> Content:
    base = root.resolve()

    def read(path: str) -> bytes | None:
        file = (base / path).resolve()
        if not file.is_relative_to(base) or not file.is_file():
            return None
        return file.read_bytes()

    return read


def _ranged(body: bytes | None, wanted: str | None) -> tuple[int, bytes, list[str]]:
    """Status, the bytes of the range and the headers that say so (RFC 9110, section 14)."""
    if body is None:
        return 404, b"", []
    match = _RANGE.fullmatch(wanted or "")
    if match is None or match.group() == "bytes=-":
        return 200, body, []  # none, several, or not understood: all of it, as a server may
    first, last = match.groups()
    n = len(body)
    start, stop = (n - min(int(last), n), n) if not first else (int(first), min(int(last) + 1, n) if last else n)
    if start >= n or stop <= start:
        return 416, b"", [f"Content-Range: bytes */{n}"]
    return 206, body[start:stop], [f"Content-Range: bytes {start}-{stop - 1}/{n}"]


def _type_of(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"
