"""llmock, which others wrote: quotas, errors by chance, scripted replies, Message Batches; in its own environment."""

from __future__ import annotations

import atexit
import json
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.servers.parts import require
from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for

APP = Path(__file__).with_name("llmock_app.py")


class LlmockServer:
    """A running server; `stop` ends it, as does our own end.

    options: `latency_ms`, `error_rates` (chances by status), `rpm` and `tpm` (quotas a minute), `context_window`.
    """

    def __init__(self, **options: Any) -> None:
        python = require("llmock")
        self.port = spare_port()
        self._log = tempfile.NamedTemporaryFile(prefix="model-desk-llmock-")  # noqa: SIM115  # until `stop`
        with_parent = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        self._server: subprocess.Popen[bytes] | None = subprocess.Popen(
            [*with_parent, python, "-P", APP, str(self.port), json.dumps(options)],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, cwd=APP.parent, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.stop)
        wait_for(self._answers, what="llmock to answer")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> LlmockServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def script(self, *behaviors: dict[str, Any]) -> None:
        """What it does next, such as {"type": "fail", "status": 529, "times": 2}."""
        self._tell("POST", "scenario", json={"behaviors": behaviors})

    def requests(self) -> list[dict[str, Any]]:
        """What came since `reset`, with bodies, oldest first."""
        found: list[dict[str, Any]] = self._tell("GET", "requests").json()["requests"]
        return found

    def reset(self) -> None:
        """Forget what came, what was scripted, and what quotas have given."""
        self._tell("POST", "reset")

    def stop(self) -> None:
        """End the server; may be called twice."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait(PATIENCE_S)
            self._server = None
        self._log.close()
        atexit.unregister(self.stop)

    def _tell(self, method: str, what: str, **more: Any) -> httpx.Response:
        return httpx.request(method, f"{self.url}/_llmock/{what}", timeout=30, **more).raise_for_status()

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            said = Path(self._log.name).read_text("utf-8", errors="replace")
            raise RuntimeError(f"llmock ended: {said[-2000:]}")
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False
