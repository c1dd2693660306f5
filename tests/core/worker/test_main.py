"""The command that serves a Dask cluster."""

from __future__ import annotations

import pytest

from core import settings as settings_module
from core.settings import WrongSetting
from core.worker.__main__ import cluster_command, serve_cluster


def test_a_process_of_the_cluster_has_one_thread_and_its_certificates() -> None:
    files = {f"dask_tls_{name}": f"/etc/desk/{name}.pem" for name in ("ca", "cert", "key")}
    config = settings_module.read(
        _env_file=None, workers=3, dask_scheduler_address="tls://scheduler:8786", **files
    )
    command = cluster_command(config)
    assert command[1:5] == ["-m", "dask", "worker", "tls://scheduler:8786"]
    assert {"--nworkers=3", "--nthreads=1", "--no-dashboard"} < set(command)
    assert [part for part in command if "tls-" in part] == [
        "--tls-ca-file=/etc/desk/ca.pem",
        "--tls-cert=/etc/desk/cert.pem",
        "--tls-key=/etc/desk/key.pem",
    ]


def test_without_a_scheduler_there_is_nothing_to_serve() -> None:
    with pytest.raises(
        WrongSetting,
        match="DASK_SCHEDULER_ADDRESS can't be used: it is empty; set it to the scheduler's address",
    ):
        cluster_command(settings_module.read(_env_file=None))


def test_processes_of_the_cluster_get_no_setting_that_scoring_does_not_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever reaches the cluster can run code in them."""
    config = settings_module.read(
        _env_file=None,
        dask_scheduler_address="tcp://127.0.0.1:8786",
        oidc_issuer="https://id.example",
        oidc_client_id="desk",
        oidc_client_secret="hush",
    )
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "hush")
    started: list[dict[str, str]] = []
    monkeypatch.setattr("os.execve", lambda _program, _arguments, environment: started.append(environment))
    monkeypatch.setattr("os.chdir", lambda _folder: None)
    serve_cluster(config)
    (environment,) = started
    assert "hush" not in str(environment)
    assert environment["DASK_SCHEDULER_ADDRESS"] == "tcp://127.0.0.1:8786"
    assert "PATH" in environment
