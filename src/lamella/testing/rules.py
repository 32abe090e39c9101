"""Which request gets which fault and which delay: the script of a server, path by path."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lamella.testing.faults import Fault

Matcher = Callable[[str], bool]
Seconds = float | Callable[[], float]


@dataclass(slots=True)
class _Rule:
    """``times`` is for each path; None is for ever."""

    matches: Matcher
    fault: Fault
    times: int | None = None
    used: Counter[str] = field(default_factory=Counter)

    def take(self, path: str) -> Fault | None:
        if not self.matches(path) or (self.times is not None and self.used[path] >= self.times):
            return None
        self.used[path] += 1
        return self.fault


class Rules:
    """The script. Thread-safe.

    Parameters
    ----------
    latency : float or callable
        Seconds before an answer, where no rule says otherwise.
    """

    def __init__(self, latency: Seconds) -> None:
        self.latency = latency
        self._lock = threading.Lock()
        self._scripts: dict[str, deque[Fault | None]] = defaultdict(deque)
        self._rules: list[_Rule] = []
        self._slow: list[tuple[Matcher, Seconds]] = []
        self._held: list[Matcher] = []

    def add_script(self, path: str, faults: Iterable[Fault | None]) -> None:
        with self._lock:
            self._scripts[path].extend(faults)

    def add_rule(self, matches: Matcher, fault: Fault, times: int | None = None) -> None:
        with self._lock:
            self._rules.append(_Rule(matches, fault, times))

    def add_latency(self, matches: Matcher, latency: Seconds) -> None:
        with self._lock:
            self._slow.append((matches, latency))

    def hold(self, matches: Matcher) -> None:
        with self._lock:
            self._held.append(matches)

    def hold_nothing(self) -> None:
        with self._lock:
            self._held.clear()

    def is_held(self, path: str) -> bool:
        with self._lock:
            return any(matches(path) for matches in self._held)

    def clear(self) -> None:
        """Forget everything but what is held."""
        with self._lock:
            self._scripts.clear()
            self._rules.clear()
            self._slow.clear()

    def fault_for(self, path: str) -> Fault | None:
        """What befalls the request for ``path`` that has come now: its script first, then the first rule that fits."""
        with self._lock:
            script = self._scripts.get(path)
            if script:
                return script.popleft()
            return next((fault for rule in self._rules if (fault := rule.take(path)) is not None), None)

    def latency_for(self, path: str) -> float:
        """Seconds before the answer to a request for ``path`` begins."""
        with self._lock:
            latency = next((seconds for matches, seconds in self._slow if matches(path)), self.latency)
        return latency() if callable(latency) else latency
