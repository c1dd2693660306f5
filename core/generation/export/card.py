"""`README.md` of an export: front matter by which `datasets` loads the folder, and a few words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa

from core.errors import counted
from core.generation.export.formats import FORMATS, Format
from core.generation.export.plan import Plan
from core.generation.export.tally import Tally

_HINTS: Final = {
    "chat-jsonl": "`messages` is what chat templates take.",
    "parquet": "`messages` is what chat templates take.",
    "sharegpt": "`conversations` holds turns of `system`, `human` and `gpt`.",
    "alpaca": "`history` holds what was said before `instruction`; `system` is empty where there is none.",
}


def text(planned: Plan, tallies: Mapping[str, Tally]) -> str:
    """The document. Columns and splits are named, so that nothing depends on what the first rows look like."""
    form = FORMATS[planned.wanted.format]
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for name in tallies:
        lines += [f"  - split: {name}", f"    path: data/{name}.{form.suffix}"]
    lines += ["dataset_info:", "  config_name: default", "  features:"]
    for column in form.schema:
        lines += _feature(column.name, column.type, "  ")
    lines += ["---", "# Conversations", "", *_words(planned, tallies, form)]
    return "\n".join(lines) + "\n"


def _feature(name: str, kind: pa.DataType, indent: str) -> Iterator[str]:
    yield f"{indent}- name: {name}"
    if not pa.types.is_list(kind):
        yield f"{indent}  dtype: {kind}"
    elif pa.types.is_struct(kind.value_type):
        yield f"{indent}  list:"
        for member in kind.value_type:
            yield from _feature(member.name, member.type, f"{indent}  ")
    else:
        yield f"{indent}  list:"
        yield f"{indent}    list: {kind.value_type.value_type}"


def _words(planned: Plan, tallies: Mapping[str, Tally], form: Format) -> Iterator[str]:
    n_offline = sum(tally.n_offline for tally in tallies.values())
    counts = ", ".join(f"{tally.n:,} to {_VERBS[name]}" for name, tally in tallies.items())
    n = sum(tally.n for tally in tallies.values())
    yield f"{counted(n, 'conversation')} in the format {form.name}: {counts}. {_HINTS[form.name]}"
    yield ""
    if planned.wanted.validation:
        yield (
            f"Split by the seed {planned.wanted.seed}. Near-duplicates are on one side, all of them: those that share "
            "at least half of their MinHash signature, as far as its bands show them."
        )
        yield ""
    if n_offline:
        yield (
            f"**{counted(n_offline, 'conversation was|conversations were')} written by the offline generator, not by a "
            "model** (`is_offline`): they are for trying things out, not for training."
        )
        yield ""
    yield "Which models wrote the others, how all of it was chosen, and the hash of each file and conversation stand in"
    yield "`manifest.json`. A model's provider may restrict what its output is used for."


_VERBS: Final = {"train": "train", "validation": "validate with"}
