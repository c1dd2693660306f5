"""Structured logs on stderr: lines for a person, or JSON for a collector. Never a secret."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from core.settings import Settings


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
            exception_formatter=structlog.dev.plain_traceback,  # others print the values of variables
        )
    )
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


def get(name: str) -> Any:
    """A logger whose events carry the name of their room."""
    return structlog.get_logger(room=name)
