"""An S3 server that checks signatures: SeaweedFS from its package, in a temporary folder."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from core.settings import Settings
from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for

PARTS = ("master", "volume", "filer", "s3")


class S3Server:
    """A running server; `stop` ends it and removes its folder, as does the end of this process."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="model-desk-s3-"))
        self._ports = {part: spare_port() for part in PARTS}
        self._grpc_ports = {part: spare_port() for part in PARTS}
        self.access_key, self.secret_key = "desk", secrets.token_hex(16)
        self._identities = self._folder / "s3.json"
        identity = {
            "name": "desk",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        self._identities.write_text(json.dumps({"identities": [identity]}))
        self._log = (self._folder / "log").open("ab")
        self._server: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)
        self.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3']}"

    def settings(self, url: str) -> Settings:
        """Settings that keep files here. url: s3://bucket/folder."""
        return Settings(
            storage_url=url,
            s3_endpoint_url=self.endpoint,
            aws_region="eu-central-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with_parent = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        listens = [f"-{part}.port={port}" for part, port in self._ports.items()]
        listens += [f"-{part}.port.grpc={port}" for part, port in self._grpc_ports.items()]
        self._server = subprocess.Popen(
            [*with_parent, Path(sys.executable).with_name("weed"), "server", f"-dir={self._folder}",
             "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *listens, "-volume.max=50", "-master.volumeSizeLimitMB=64",
             "-filer", f"-filer.localSocket={self._folder / 'filer'}", "-s3", f"-s3.config={self._identities}",
             "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, cwd=self._folder,
            start_new_session=True, env={**os.environ, "WEED_S3_SSE_KEK": secrets.token_hex(32)},
        )  # fmt: skip
        wait_for(self._answers, what="the S3 server to answer")

    def halt(self) -> None:
        """End the server at once, as in a crash; `start` brings it back with what it held."""
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)
        self._server.wait(PATIENCE_S)
        self._server = None

    def stop(self) -> None:
        """End the server and remove everything it wrote; may be called twice."""
        if self._server is not None:
            self.halt()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError(f"SeaweedFS ended: {(self._folder / 'log').read_text()[-2000:]}")
        try:
            return httpx.get(f"{self.endpoint}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False
