"""A Postgres cluster of our own, from Debian's programs, in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for

OWNER, PAGES = "desk_owner", "desk_pages"  # who migrates and works; who may become `authenticated` alone
LIKE_SUPABASE = Path(__file__).with_name("supabase.sql")
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "120", "autovacuum": "off"}


class Cluster:
    """A running server; `stop` ends it and removes its folder, as does the end of this process."""

    def __init__(self, program: Path) -> None:
        self._programs = program.parent
        self._folder = Path(tempfile.mkdtemp(prefix="model-desk-postgres-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self._folder, "postgres", "postgres")
        self._data = self._folder / "data"
        self.port = spare_port()
        self._log = (self._folder / "log").open("ab")
        self._server: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)
        subprocess.run(
            [self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=self._log, stderr=self._log, cwd=self._folder, **self._as,
        )  # fmt: skip
        self.start()
        self._run(f"CREATE ROLE {OWNER} LOGIN BYPASSRLS CREATEROLE")
        self._run(f"CREATE ROLE {PAGES} LOGIN NOINHERIT")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # Ends the server even when the test run is killed; only Linux has it.
        with_parent = [setpriv, "--pdeathsig", "QUIT"] if (setpriv := shutil.which("setpriv")) else []
        options = [f"-c{name}={value}" for name, value in FAST.items()]
        self._server = subprocess.Popen(
            [*with_parent, self._programs / "postgres", "-D", self._data, "-k", self._folder,
             "-h", "127.0.0.1", "-p", str(self.port), *options],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, cwd=self._folder,
            start_new_session=True, **self._as,
        )  # fmt: skip
        wait_for(self._answers, what="Postgres to answer")

    def halt(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the server process; SIGQUIT is Postgres's immediate shutdown, as in a crash."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait(PATIENCE_S)
        self._server = None

    def crash(self) -> None:
        """End it as a crash would, and start it again: `pg_ctl restart -m immediate`."""
        self.halt()
        self.start()

    def stop(self) -> None:
        """End the server and remove everything it wrote; may be called twice."""
        if self._server is not None and self._server.poll() is None:
            self.halt()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def url(self, name: str, *, login: str = OWNER) -> str:
        return f"postgresql+psycopg://{login}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template0", like_supabase: bool = True) -> str:
        """Make a database and return its URL by the login that owns it.

        like_supabase: with Supabase's roles and `auth.uid()`; a template has or hasn't them already.
        """
        self._run(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}"')
        if like_supabase and template == "template0":
            self.make_like_supabase(name)
        return self.url(name)

    def bare(self, name: str) -> str:
        """Make a database for a program that brings its own roles and schemas; its URL by the superuser."""
        self.create(name, like_supabase=False)
        return self.url(name, login="postgres")

    def make_like_supabase(self, name: str) -> None:
        """Give a database Supabase's roles and `auth.uid()`."""
        self._run(LIKE_SUPABASE.read_text("utf-8"), database=name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str, *, database: str = "postgres") -> None:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError(f"Postgres ended: {(self._folder / 'log').read_text()[-2000:]}")
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def address(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={name}"
