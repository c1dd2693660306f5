"""A slot and its child: nothing that a child does, or fails to do, makes its worker wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from core.queue import Pool
from core.settings import Settings
from core.worker.slots import PROJECT, RESPAWN_S, Slot
from tests.clocks import JumpingClock
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.usefixtures("started_anew")
MODULES = ("tests.faults.steps",)
PIPE_BYTES = 1 << 20  # more than a pipe ever takes that nobody reads


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def slot(settings: Settings, clock: JumpingClock) -> Iterator[Slot]:
    environment = settings.environment(pools=[Pool.SCORING], inherited=os.environ)
    made = Slot(
        Pool.SCORING,
        modules=MODULES,
        environment=environment,
        staging=settings.staging_dir,
        now=clock.now,
    )
    yield made
    made.kill()


def warm(slot: Slot) -> psutil.Process:
    """The slot's child, once it is ready."""
    slot.open()

    def is_warm() -> bool:
        slot.hear()
        return slot.is_warm

    wait_for(is_warm, what="the child to be warm")
    assert slot.pid is not None
    return psutil.Process(slot.pid)


def test_a_child_that_reads_nothing_makes_nobody_wait_and_is_told_once_it_reads(slot: Slot) -> None:
    child = warm(slot)
    child.send_signal(signal.SIGSTOP)
    wait_for(lambda: child.status() == psutil.STATUS_STOPPED, what="the child to be frozen")
    slot._send({"drain": True, "more": "x" * PIPE_BYTES})
    assert slot.unsent_to() is not None
    child.send_signal(signal.SIGCONT)

    def is_told() -> bool:
        slot.tell()
        return slot.unsent_to() is None

    wait_for(is_told, what="the child to be told")
    assert child.is_running()


def test_what_is_said_to_a_child_that_has_died_is_its_death_and_no_error(slot: Slot) -> None:
    child = warm(slot)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with capture_logs() as said:
        slot.ask_to_stop()
        slot._send({"drain": True})
        slot.tell()
    assert [line["event"] for line in said] == ["a child process died"]
    assert (slot.pid, slot.unsent_to(), slot.n_deaths) == (None, None, 1)


def test_a_child_that_closes_its_pipe_and_lives_on_is_ended(slot: Slot, tmp_path: Path) -> None:
    """Nobody could hear it any more."""
    closing = tmp_path / "closes.py"
    closing.write_text("import os, signal\nos.closerange(0, 2)\nsignal.pause()\n")
    child = subprocess.Popen(
        ["python3", str(closing)], stdin=-1, stdout=-1, bufsize=0, cwd=tmp_path, start_new_session=True
    )
    slot.adopt(child)

    def is_lost() -> bool:
        slot.hear()
        return slot.pid is None

    wait_for(is_lost, what="the silence to be heard")
    assert not psutil.pid_exists(child.pid)


def test_a_child_that_can_not_be_started_is_one_line_and_tried_again(
    settings: Settings, clock: JumpingClock
) -> None:
    """Linux refuses to start a process with so long a variable, as it does where memory is short."""
    slot = Slot(
        Pool.SCORING,
        modules=MODULES,
        environment={"TOO_LONG": "x" * 200_000},
        staging=settings.staging_dir,
        now=clock.now,
    )
    with capture_logs() as said:
        for _ in range(3):
            slot.open()
            slot.open()  # at once: nothing is tried
            clock.jump(6 * RESPAWN_S)
    assert slot.pid is None
    assert [line["log_level"] for line in said] == ["warning"] * len(said)
    assert 3 <= slot.n_deaths == len(said) <= 4, "the first is tried again at once, the others after a pause"
    assert "Argument list too long" in said[0]["problem"]


def test_a_message_is_sent_whole_in_as_many_parts_as_it_takes(slot: Slot) -> None:
    slot.adopt(subprocess.Popen(["cat"], stdin=-1, stdout=-1, bufsize=0))
    slot._send({"more": "x" * PIPE_BYTES})
    got = bytearray()

    def is_whole() -> bool:
        slot.tell()
        with suppress(BlockingIOError):
            got.extend(os.read(slot.fileno() or 0, 1 << 16))
        return got.endswith(b"\n")

    wait_for(is_whole, every_s=0.001, what="the message to come back")
    assert len(got) == PIPE_BYTES + len('{"more": ""}\n')


def test_a_child_loads_what_its_own_kinds_need_and_no_more() -> None:
    """What scores takes 90 MB and a second of processor, which a child that asks a model has no use for."""
    loaded = (
        "import sys\n"
        "from core.worker.child_main import load; load(['core.generation.room'])\n"
        "names = 'pandas', 'pyarrow', 'sklearn', 'core.worker.runner', 'anthropic.types', 'core.llm.transport';"
        "print(*(name for name in names if name in sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", loaded], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    assert said.stdout.split() == ["anthropic.types", "core.llm.transport"]
