"""The window answers, also where OpenGL draws on the processor: its threads give way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lamella.render.gl import software
from tests.render.stands import Stand


@pytest.mark.parametrize(("name", "expected"), [
    ("llvmpipe (LLVM 15.0.6, 256 bits)", True), ("Google SwiftShader", True), ("Apple Software Renderer", True),
    ("NVIDIA H200/PCIe/SSE2", False), ("Mesa Intel(R) Xe Graphics (TGL GT2)", False), ("", False),
])  # fmt: skip
def test_software_is_known_by_its_name(name: str, expected: bool) -> None:
    assert software.is_software(name) is expected


def test_only_the_threads_that_draw_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for task, comm in [(11, "python"), (12, "llvmpipe-0"), (13, "llvmpipe-1"), (14, "llvmpipe-2"), (15, "disk$0")]:
        (tmp_path / str(task)).mkdir()
        (tmp_path / str(task) / "comm").write_text(comm + "\n")
    (tmp_path / "16").mkdir()  # it has ended
    had = {12: 0, 13: 15}
    given: dict[int, int] = {}

    def had_by(which: int, task: int) -> int:
        if task not in had:
            raise ProcessLookupError
        return had[task]

    monkeypatch.setattr(software, "_TASKS", tmp_path)
    monkeypatch.setattr(os, "getpriority", had_by)
    monkeypatch.setattr(os, "setpriority", lambda which, task, nice: given.update({task: nice}))
    software.yield_to_others()
    assert given == {12: software.NICE}  # one is lower already, one has ended


def test_without_proc_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "_TASKS", tmp_path / "none")
    software.yield_to_others()


@pytest.mark.skipif(sys.platform != "linux", reason="priorities are of processes elsewhere")
def test_the_threads_of_llvmpipe_yield_to_the_main_thread(make: Callable[..., Stand]) -> None:
    stand = make("gl")
    if "llvmpipe" not in stand.renderer.name:
        pytest.skip("OpenGL is hardware here, or other software")
    drawing = software._drawing_threads()
    assert drawing
    assert {os.getpriority(os.PRIO_PROCESS, task) for task in drawing} == {software.NICE}
    assert os.getpriority(os.PRIO_PROCESS, 0) < software.NICE
