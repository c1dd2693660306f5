"""What the checks of `quality` cost: by check, whatever a conversation holds, and a look through a large job."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from core.generation.quality import check, talk
from core.generation.quality.duplicates import Signatures, signature
from core.generation.quality.thresholds import DEFAULT

Messages = list[dict[str, Any]]
Asked = tuple[Messages, dict[str, Any]]


def costs(many: Sequence[Asked]) -> dict[str, Any]:
    """Milliseconds of processor a conversation, by check."""
    n_words = sum(len(one["content"].split()) for messages, _ in many for one in messages) / len(many)
    took: dict[str, float] = {}
    for name, look in check.CHECKS.items():
        read = [talk.read(messages, thresholds=DEFAULT, params=params) for messages, params in many]
        took[name] = _cpu_ms(partial(_all, look, read)) / len(many)
    took["signature"] = _cpu_ms(lambda: [signature(messages) for messages, _ in many]) / len(many)
    whole = _cpu_ms(lambda: [check.text_findings(messages, thresholds=DEFAULT) for messages, _ in many])
    signatures = Signatures()
    for at in range(50_000):
        signatures.add(uuid4(), random.Random(at).randbytes(256))
    own = signature(many[0][0])
    lookup = _cpu_ms(lambda: [signatures.nearest(own) for _ in range(50)]) / 50
    return {
        "words": round(n_words),
        "checks_ms": round(whole / len(many), 3),
        "by_check_ms": {name: round(ms, 3) for name, ms in took.items()},
        "lookup_in_a_job_of_50,000_ms": round(lookup, 3),
    }


def _all(look: Callable[[Any], Iterable[Any]], read: Sequence[Any]) -> list[list[Any]]:
    return [list(look(each)) for each in read]


def hostile() -> dict[str, float]:
    """Seconds of processor that one conversation takes, at the most characters that a message may have and beyond."""
    n = 1_000_000
    texts = {
        "one letter": "a" * n, "one sign": "@" * n, "digits": "1" * n, "digits with spaces": "1 " * (n // 2),
        "words": "word " * (n // 5), "one line": "lorem ipsum dolor " * (n // 18), "brackets": "[{<" * (n // 3),
        "backticks": "`" * n, "addresses": "a.b@" * (n // 4), "plus": "+49 " * (n // 4), "hex": "ab:" * (n // 3),
        "labels": "User: a\n" * (n // 8), "emoji": "🎉" * n, "Chinese": "中文" * (n // 2), "keys": "sk-eyJ" * (n // 6),
        "right to left": "\u202e\u200f" * (n // 2), "any": "".join(random.Random(1).choices("abc .-_@[]{}<>0123", k=n)),
    }  # fmt: skip
    took = {}
    for name, text in texts.items():
        messages = [{"role": role, "content": text} for role in ("user", "assistant") * 2]
        took[name] = round(_cpu_ms(partial(_whole, messages)) / 1e3, 3)
    return took


def _whole(messages: Messages) -> None:
    check.text_findings(messages, thresholds=DEFAULT)
    signature(messages)


def _cpu_ms(verb: Callable[[], Any]) -> float:
    began = time.process_time()
    verb()
    return (time.process_time() - began) * 1e3
