"""An answer of Claude's as two files, and what is wrong with them before anything is run."""

from __future__ import annotations

import ast
import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.training.coding.imports import IMPORTABLE
from core.training.errors import CodeUnusable
from core.training.unseen import UNSEEN

MOST_BYTES: Final = 64_000  # of each file
LONGEST_APPROACH: Final = 1_000
TRAIN, PREDICT = "train.py", "predict.py"


@dataclass(frozen=True)
class Files:
    """What Claude wrote."""

    train: str
    predict: str
    approach: str = ""


def read(text: str) -> Files:
    """The files of an answer's text. Raises CodeUnusable, with every problem that there is."""
    files = parsed(text)
    if problems := tuple(check(files)):
        raise CodeUnusable(problems=problems)
    return files


def parsed(text: str) -> Files:
    """The same, whether or not they can be run. Raises CodeUnusable where there are none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        is_broken = text.lstrip().startswith("{")
        problem = "its JSON is broken, or breaks off" if is_broken else "it is no JSON object"
        raise CodeUnusable(problems=(problem,)) from error
    if not isinstance(said, dict):
        raise CodeUnusable(problems=("it is no JSON object",))
    parts = {name: said.get(name) for name in ("train_py", "predict_py", "approach")}
    if missing := [f'"{name}" is no text' for name, part in parts.items() if not isinstance(part, str)]:
        raise CodeUnusable(problems=tuple(missing))
    return Files(
        train=_storable(str(parts["train_py"])),
        predict=_storable(str(parts["predict_py"])),
        approach=" ".join(UNSEEN.sub("", _storable(str(parts["approach"]))).split())[:LONGEST_APPROACH],
    )


def check(files: Files) -> Iterator[str]:
    """What keeps the files from being run, as ends of sentences; nothing is run for it."""
    for name, source in ((TRAIN, files.train), (PREDICT, files.predict)):
        if not source.strip():
            yield f"{name} is empty"
            continue
        if (n_bytes := len(source.encode())) > MOST_BYTES:
            yield f"{name} has {n_bytes:,} bytes, and {MOST_BYTES:,} at most are taken"
            continue
        if UNSEEN.search(source):
            yield f"{name} holds characters that nobody sees, or that turn the order of others"
        try:
            tree = _tree(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
            yield f"{name} is no valid Python{line}"
            continue
        known = {*IMPORTABLE, *sys.stdlib_module_names} | ({"predict"} if name == TRAIN else set())
        for module in sorted(set(_imported(tree)) - known):
            yield f"{name} imports {module or 'relatively'}, which is not there"
        if name == PREDICT:
            made = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            yield from (
                f"{name} has no function {wanted}" for wanted in ("load", "predict") if wanted not in made
            )


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of code that is not ours, such as an invalid escape
        return ast.parse(source)


def _imported(tree: ast.Module) -> Iterator[str]:
    """The first name of every import, wherever it stands; empty for a relative one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "" if node.level else (node.module or "").partition(".")[0]


def _storable(text: str) -> str:
    """Without what no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
