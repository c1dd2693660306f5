from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from core.sandboxes import Limits
from core.sandboxes.local import command
from core.sandboxes.local.command import Place


def line(place: Place) -> list[str]:
    return command.line(
        place, ("python", "x.py"), env={"A": "b"}, limits=Limits(), cpu_s=None, seccomp_fd=3, info_fd=4
    )


def after(words: list[str], *first: str) -> list[int]:
    """Where these stand one behind the other."""
    return [n for n in range(len(words)) if tuple(words[n : n + len(first)]) == first]


def test_the_app_is_covered_where_it_lies_among_libraries() -> None:
    """As it may below /usr/lib; and what it needs of its own folder is put there again."""
    packages = Path(sysconfig.get_path("purelib"))
    for hidden, bound in ((Path("/usr/lib/desk"), Path("/usr/lib")), (packages.parent, packages.parents[1])):
        words = line(Place(Path("/data/sandboxes/x"), None, (hidden.resolve(), Path("/somewhere/else"))))
        [at] = after(words, "--ro-bind", str(bound), str(bound))
        [covered] = after(words, "--tmpfs", str(hidden.resolve()))
        assert at < covered
        assert after(words, "--remount-ro", str(hidden.resolve()))
        assert not after(words, "--tmpfs", "/somewhere/else")


def test_two_are_nested_and_the_filter_is_the_inner_ones() -> None:
    for uid in (None, 12_345):
        words = line(Place(Path("/data/sandboxes/x"), uid))
        bwraps = [
            n for n, word in enumerate(words) if word.endswith("/bwrap") and words[n - 1] != "--ro-bind"
        ]
        assert len(bwraps) == 2
        [filtered], [disabled] = after(words, "--seccomp", "3"), after(words, "--disable-userns")
        [proc], [read_only] = after(words, "--proc", "/proc"), after(words, "--remount-ro", "/")
        assert bwraps[0] < proc < read_only < bwraps[1] < disabled < filtered
        assert (f"--reuid={uid}" in words) == (uid is not None)
        assert words[-2:] == ["python", "x.py"]


def test_nothing_is_bound_but_libraries_and_its_own_folders() -> None:
    words = line(Place(Path("/data/sandboxes/x"), None))
    written = [words[n + 1] for n in after(words, "--bind")]
    assert written == ["/data/sandboxes/x/job", "/data/sandboxes/x/tmp", "/data/sandboxes/x/shm", "/"]
    project = str(Path(__file__).resolve().parents[4])
    read = [words[n + 1] for n in (*after(words, "--ro-bind"), *after(words, "--ro-bind-try"))]
    assert [path for path in read if Path(project).is_relative_to(path)] == []
    assert [path for path in read if "core" in Path(path).parts] == []


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (("/opt",), "/tmp"),
        (("/tmpfs", "/temporary"), "/tmp"),
        (("/tmp/checkout",), "/scratch"),
        (("/tmp/checkout", "/scratch/python"), "/temporary"),
    ],
)
def test_temporary_files_cover_no_library(
    below: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app may have been installed below the folder that code writes its temporary files to."""
    monkeypatch.setattr(command, "_libraries", lambda: tuple(map(Path, below)))
    monkeypatch.setattr(Path, "is_dir", lambda path: str(path).startswith(below))
    words = line(Place(Path("/data/sandboxes/x"), None))
    [bound] = after(words, "--bind", "/data/sandboxes/x/tmp")
    assert words[bound + 2] == expected
    [named] = after(words, "--setenv", "TMPDIR")
    assert words[named + 2] == expected
    for folder in below:
        assert after(words, "--ro-bind", folder, folder)
