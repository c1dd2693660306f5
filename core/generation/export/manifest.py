"""`manifest.json`: what an export holds, how it was chosen, and the hashes by which all of it is known again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.generation.export.formats import FORMATS
from core.generation.export.plan import Plan
from core.generation.export.tally import Tally

N_A_PIECE: Final = 1_000  # conversations


def pieces(planned: Plan, tallies: Mapping[str, Tally]) -> Iterator[bytes]:
    """The document, a few lines at a time: it names each conversation with the hash of its content."""
    head = json.dumps(_head(planned, tallies), ensure_ascii=False, indent=1).removesuffix("\n}")
    yield f'{head},\n "conversations": {{'.encode()
    between = "\n"
    for side in planned.sides:
        left_out = set(tallies[side.name].changed)
        yield f'{between}  "{side.name}": {{'.encode()
        before = "\n"
        for begin in range(0, len(side), N_A_PIECE):
            part = side.part(begin, N_A_PIECE)
            lines = [f'   "{row_id}": "{found}"' for row_id, found in part if row_id not in left_out]
            if lines:
                yield (before + ",\n".join(lines)).encode()
                before = ",\n"
        yield b"\n  }"
        between = ",\n"
    yield b"\n }\n}\n"


def _head(planned: Plan, tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """Everything but the list of conversations. split: the seed; groups: of what is no near-duplicate of another."""
    suffix = FORMATS[planned.wanted.format].suffix
    models = {name: sum(tally.by_source[name] for tally in tallies.values()) for name in _models(tallies)}
    changed = [str(row_id) for tally in tallies.values() for row_id in tally.changed]
    return {
        **planned.wanted.told(),
        "n_conversations": sum(tally.n for tally in tallies.values()),
        "n_messages": sum(tally.n_messages for tally in tallies.values()),
        "n_offline": (n_offline := sum(tally.n_offline for tally in tallies.values())),
        "has_offline": n_offline > 0,
        "models": models,
        "n_groups": planned.n_groups,
        "missing_ids": [str(row_id) for row_id in planned.missing],
        "changed_meanwhile": changed,
        "files": {
            f"data/{name}.{suffix}": {
                "split": name,
                "n_conversations": tally.n,
                "size_bytes": tally.size_bytes,
                "sha256": tally.sha256,
            }
            for name, tally in tallies.items()
        },
    }


def _models(tallies: Mapping[str, Tally]) -> list[str]:
    return sorted({name for tally in tallies.values() for name in tally.by_source})
