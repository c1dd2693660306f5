"""What schemathesis is told beside the description; loaded by its command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

# Refusals that say that a request is not what the description asks for.
NOT_AS_DESCRIBED = {"bad_request", "invalid", "method_not_allowed", "unsupported_media_type"}
CSV = b"age,plan,churned\n31,a,No\n64,b,Yes\n"


@schemathesis.hook
def before_load_schema(_context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Take out the answer that stands for any other: each status must be named."""
    for operation in _operations(raw_schema):
        operation["responses"].pop("default", None)


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether it is one. What fits the description may still name a column that the file does not have."""
    if isinstance(failure, RejectedPositiveData):
        return response.json()["error"]["code"] in NOT_AS_DESCRIBED
    return True


@schemathesis.hook
def map_body(_context: HookContext, body: Any) -> Any:
    """Every other file becomes a CSV, which random bytes never are."""
    file = body.get("file") if isinstance(body, dict) else None
    if isinstance(file, bytes) and sum(file) % 2:
        return {**body, "file": CSV + file.hex().encode()}
    return body


def _operations(raw_schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in raw_schema["paths"].values():
        yield from operations.values()
