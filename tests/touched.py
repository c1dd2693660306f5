"""`python -m tests.touched`: runs the tests nearest to what has changed since the branch left main, and says which.

Nearest are, in this order: test files that changed; the one that mirrors a changed module's path; those that import
a changed module or helper themselves, and all below a changed conftest. Not those that meet it through other modules:
that is nearly all of them, and what `make test` is for. Where there are more than MOST, the first of them run.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).resolve().parents[1]
ALWAYS = "tests/test_layers.py"
MOST = 8
MARKS = "not faults and not browser"  # real crashes and a real browser are for `make test`


def main() -> int:
    changed = changed_files()
    sources = {
        str(path.relative_to(PROJECT)): path.read_text("utf-8") for path in PROJECT.glob("tests/**/*.py")
    }
    found = [path for path in nearest(changed, sources) if (PROJECT / path).exists()]
    print(
        f"{len(changed)} changed files; {len(found)} test files are near them, of which {MOST} at most run:"
    )
    chosen = [path for path in found if path != ALWAYS][:MOST]
    print(*(f"  {path}" for path in chosen), sep="\n", flush=True)
    asked = [sys.executable, "-m", "pytest", "-n", "2", "-m", MARKS, ALWAYS, *chosen]
    return subprocess.run(asked, cwd=PROJECT, check=False).returncode


def changed_files() -> list[str]:
    """Paths from the project's root that differ from where this branch left main, committed or not, and new ones."""
    base = next(
        (found for name in ("origin/main", "main") if (found := _git("merge-base", "HEAD", name))), ["HEAD"]
    )
    return [*_git("diff", "--name-only", base[0]), *_git("ls-files", "--others", "--exclude-standard")]


def nearest(changed: Iterable[str], sources: Mapping[str, str]) -> list[str]:
    """The test files nearest to the changed ones, nearest first. sources: every Python file below tests/, by path."""
    changed = [path for path in changed if path.endswith(".py")]
    tests = sorted(path for path in sources if PurePosixPath(path).name.startswith("test_"))
    found = dict.fromkeys(path for path in changed if path in tests)
    for path in changed:
        found |= dict.fromkeys(test for test in tests if test == mirror(path))
    meant = {module(path) for path in changed}
    for test in tests:
        if imported(sources[test]) & meant:
            found[test] = None
    for path in changed:
        if PurePosixPath(path).name == "conftest.py":
            folder = str(PurePosixPath(path).parent)
            found |= dict.fromkeys(test for test in tests if test.startswith(f"{folder}/"))
    return list(found)


def mirror(path: str) -> str:
    """Where the tests of a module lie, if it has any of its own."""
    place = PurePosixPath(path)
    return str("tests" / place.with_name(f"test_{place.name}"))


def module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(source: str) -> set[str]:
    """Every dotted name that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _git(*arguments: str) -> list[str]:
    ended = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    return ended.stdout.split() if ended.returncode == 0 else []


if __name__ == "__main__":
    sys.exit(main())
