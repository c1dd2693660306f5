"""PgBouncer, Debian's pooler, before a cluster of ours: a connection is lent for a session or for one transaction."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Literal

import psycopg

from tests.servers.ports import spare_port
from tests.servers.postgres import OWNER, PAGES, Cluster
from tests.servers.waiting import PATIENCE_S, wait_for

SIZE = {"session": 50, "transaction": 5}  # a session keeps its connection, however idle
CONFIG = """
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
"""


class PgBouncer:
    """A running pooler; `stop` ends it and removes its folder, as does the end of this process."""

    def __init__(self, program: Path, cluster: Cluster, mode: Literal["session", "transaction"]) -> None:
        self.port = spare_port()
        self._folder = Path(tempfile.mkdtemp(prefix="model-desk-pgbouncer-"))
        (self._folder / "users").write_text("".join(f'"{login}" ""\n' for login in (OWNER, PAGES)))
        config = self._folder / "pgbouncer.ini"
        config.write_text(
            CONFIG.format(
                server_port=cluster.port, port=self.port, folder=self._folder, mode=mode, size=SIZE[mode]
            )
        )
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # it refuses to run as root
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
            for path in (self._folder, *self._folder.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        self._log = (self._folder / "log").open("ab")
        with_parent = [setpriv, "--pdeathsig", "INT"] if (setpriv := shutil.which("setpriv")) else []
        self._process = subprocess.Popen(
            [*with_parent, program, config], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            cwd=self._folder, start_new_session=True, **self._as,
        )  # fmt: skip
        atexit.register(self.stop)
        wait_for(self._answers, what="PgBouncer to answer")

    def url(self, name: str, *, login: str = OWNER) -> str:
        return f"postgresql+psycopg://{login}@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        """End it and remove what it wrote; may be called twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)  # at once, whoever is connected
            self._process.wait(PATIENCE_S)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"PgBouncer ended: {(self._folder / 'log').read_text()[-2000:]}")
        try:
            psycopg.connect(self.url("postgres").replace("+psycopg", ""), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True
