"""What a window needs in each place that Python runs in."""

from __future__ import annotations

import pytest

from lamella.qt import ipython
from lamella.qt.ipython import Host


class Terminal:
    active_eventloop: str | None = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def enable_gui(self, name: str) -> None:
        self.asked.append(name)
        self.active_eventloop = "qt6"


class Notebook:
    class kernel:
        eventloop = None

    def enable_gui(self, name: str) -> None:
        def loop_qt() -> None: ...

        self.kernel.eventloop = staticmethod(loop_qt)


class Broken(Terminal):
    def enable_gui(self, name: str) -> None:
        raise ValueError("no such loop")


def test_the_host_is_known_from_what_there_is() -> None:
    assert ipython.detect(None, False) is Host.SCRIPT
    assert ipython.detect(None, True) is Host.PROMPT
    assert ipython.detect(Terminal(), True) is Host.IPYTHON
    assert ipython.detect(Notebook(), False) is Host.JUPYTER


@pytest.mark.parametrize("shell", [Terminal(), Notebook()])
def test_the_loop_is_started_once(shell: Terminal | Notebook) -> None:
    assert not ipython.has_qt_loop(shell)
    assert ipython.prepare_host(shell, ipython.detect(shell, False)) is None
    assert ipython.has_qt_loop(shell)
    assert ipython.prepare_host(shell, ipython.detect(shell, False)) is None
    if isinstance(shell, Terminal):
        assert shell.asked == ["qt"]


def test_a_shell_that_cannot_is_told_of() -> None:
    hint = ipython.prepare_host(Broken(), Host.IPYTHON)
    assert hint is not None and "no such loop" in hint and "%gui qt" in hint


def test_a_plain_prompt_is_told_how_and_a_script_is_not() -> None:
    assert "lamella.run()" in (ipython.prepare_host(None, Host.PROMPT) or "")
    assert ipython.prepare_host(None, Host.SCRIPT) is None


def test_only_a_script_that_forgot_to_run_is_told_at_its_end() -> None:
    assert "lamella.run()" in (ipython.exit_hint(Host.SCRIPT, 1, False) or "")
    assert ipython.exit_hint(Host.SCRIPT, 0, False) is None
    assert ipython.exit_hint(Host.SCRIPT, 1, True) is None
    assert ipython.exit_hint(Host.PROMPT, 1, False) is None
    assert ipython.exit_hint(Host.IPYTHON, 1, False) is None
