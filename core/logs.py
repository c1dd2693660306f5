"""Structured logs on stderr: lines for a person, or JSON for a collector. Never a secret."""

from __future__ import annotations

import io
import logging
import sys
import unicodedata
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import ExcInfo

from core.settings import Settings

_CONTROLS = [
    chr(code) for code in range(0x2070) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp")
]
_WRITTEN_OUT: Final = str.maketrans({one: one.encode("unicode_escape").decode() for one in _CONTROLS})
_WRITTEN_OUT_OF_LINES: Final = {
    code: shown for code, shown in _WRITTEN_OUT.items() if chr(code) not in "\n\t"
}


def configure(settings: Settings) -> None:
    """Send our own events and other libraries' records through one format."""
    json_lines = settings.log_format == "json"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if json_lines else "%H:%M:%S", utc=json_lines),
    ]
    render: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            exception_formatter=_plain_traceback,  # others print the values of variables
        )
    )
    if not json_lines:
        shared.append(_visible)
    level = logging.getLevelName(settings.log_level.upper())
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, render]
        if json_lines
        else [*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    # It says of each malformed body what the sender is told anyway.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _visible(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A terminal obeys control characters, and users' words may hold some: they are written out."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = value.translate(_WRITTEN_OUT)
    return event


def _plain_traceback(out: TextIO, error: ExcInfo) -> None:
    """What went wrong where, without the values of variables."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, error)
    lines = written.getvalue().translate(_WRITTEN_OUT_OF_LINES).splitlines()
    out.write("\n".join(f"  {line}" for line in lines))  # no line of theirs looks like one of the log


def get(name: str) -> Any:
    """A logger whose events carry the name of their room."""
    return structlog.get_logger(room=name)
