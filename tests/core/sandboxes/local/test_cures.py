from __future__ import annotations

import pytest

from core.sandboxes.local import cures
from core.sandboxes.local.cures import Host

NOTHING = {"read": lambda _path: "", "exists": lambda path: path.startswith("/usr/bin")}
FORBIDDEN = "bwrap: setting up uid map: Permission denied"


def host(**facts: object) -> Host:
    return Host(**{"system": "linux", "machine": "x86_64", "is_root": False, **NOTHING, **facts})


@pytest.mark.parametrize(
    ("facts", "problem", "cure"),
    [
        ({"system": "darwin"}, "macOS can't", "virtual machine"),
        ({"machine": "riscv64"}, "riscv64 processors", "ARM64"),
        ({"exists": lambda path: path != "/usr/bin/setpriv"}, "/usr/bin/setpriv is missing", "util-linux"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_tried(
    facts: dict[str, object], problem: str, cure: str
) -> None:
    found = cures.missing(host(**facts))
    assert found is not None
    assert problem in found.message
    assert cure in found.hint
    assert cures.missing(host()) is None


def reading(**files: str) -> dict[str, object]:
    return {"read": lambda path: files.get(path.rpartition("/")[2], "")}


@pytest.mark.parametrize(
    ("facts", "complaint", "cure"),
    [
        ({"exists": lambda path: path == "/.dockerenv"}, FORBIDDEN, "systempaths=unconfined; "),
        ({"exists": lambda path: path == "/.dockerenv", "is_root": True}, FORBIDDEN, "--cap-add SYS_ADMIN"),
        (reading(apparmor_restrict_unprivileged_userns="1"), FORBIDDEN, "AppArmor keeps"),
        (reading(unprivileged_userns_clone="0"), FORBIDDEN, "kernel.unprivileged_userns_clone=1"),
        (reading(max_user_namespaces="0"), FORBIDDEN, "user.max_user_namespaces"),
        ({}, FORBIDDEN, "systemd"),
        ({"is_root": True}, "prlimit: failed to execvp python: Permission denied", "chmod -R go+rX"),
        ({"is_root": True}, "3 packages in /opt/x are closed to its user", "chmod -R go+rX"),
    ],
)
def test_what_keeps_a_machine_from_it_is_named_with_the_cure(
    facts: dict[str, object], complaint: str, cure: str
) -> None:
    found = cures.not_started(f"{complaint}\n", host(**facts))
    assert found.message == f"There is no sandbox on this machine: its command fails here ({complaint})."
    assert cure in found.hint
    assert found.http_status == 503
