"""How many tokens a request has: by the API's own count, by a rough one of ours, and at most."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from core.llm.messages import Request

LETTERS_A_TOKEN: Final = 3.6  # of plain English; digits, signs and other scripts take more
FRAME: Final = 12  # roles and the like
FRAME_OF_SCHEMA: Final = 300  # what is said to the model about the form of its answer, which nobody is shown
MOST_FRAME: Final = 1_000


@dataclass(frozen=True)
class TokenCount:
    """Tokens of a request's input. is_rough: by our own count, which may be a quarter off."""

    n: int
    is_rough: bool


def rough(text: str) -> int:
    """About how many tokens a text has."""
    n_letters = sum(1 for sign in text if sign.isascii() and (sign.isalpha() or sign.isspace()))
    return math.ceil(n_letters / LETTERS_A_TOKEN + (len(text) - n_letters) * 0.7)


def rough_count(request: Request) -> TokenCount:
    """About how many tokens a request's input has."""
    n = FRAME + rough(request.system) + rough(request.prompt)
    if request.schema is not None:
        n += FRAME_OF_SCHEMA + rough(json.dumps(request.schema))
    return TokenCount(n, is_rough=True)


def at_most(request: Request) -> int:
    """More tokens than a request's input has: one for each byte, for no token is shorter."""
    schema = "" if request.schema is None else json.dumps(request.schema)
    return MOST_FRAME + sum(len(text.encode()) for text in (request.system, request.prompt, schema))


def needed(request: Request) -> dict[str, int]:
    """About what a request takes of each kind of quota."""
    n_input = rough_count(request).n
    return {
        "requests": 1,
        "tokens": n_input + request.max_tokens,
        "input-tokens": n_input,
        "output-tokens": request.max_tokens,
    }
