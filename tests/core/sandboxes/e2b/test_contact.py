"""What each error of the SDK means, and that none of them means a fault of ours."""

from __future__ import annotations

import json

import e2b
import httpx
import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b.envd.api import format_envd_api_exception
from e2b.envd.rpc import handle_rpc_exception
from pyqwest import ReadError

from core.sandboxes import SandboxLost, SandboxUnavailable, SandboxUnreachable
from core.sandboxes.e2b.contact import Contact, Meaning, meaning, said
from core.sandboxes.e2b.desk import Mute

MEANINGS = [
    (e2b.SandboxNotRunningException("was not found"), Meaning.GONE),
    (e2b.SandboxNotFoundException("Sandbox i1 not found"), Meaning.GONE),
    (e2b.SandboxUnreachableException("port is not open"), Meaning.UNREACHABLE),
    (e2b.TimeoutException("Request timed out"), Meaning.UNREACHABLE),
    (e2b.RateLimitException("429"), Meaning.UNREACHABLE),
    (e2b.ServiceBusyException("503"), Meaning.UNREACHABLE),
    (e2b.AuthenticationException("401"), Meaning.KEY),
    (e2b.SandboxException("400: Timeout", status_code=400), Meaning.REFUSED),
    (e2b.SandboxException("403: Blocked", status_code=403), Meaning.REFUSED),
    (e2b.SandboxException("408: Slow", status_code=408), Meaning.UNREACHABLE),
    (e2b.SandboxException("502: Bad gateway", status_code=502), Meaning.UNREACHABLE),
    (e2b.TemplateException("old"), Meaning.REFUSED),
    (e2b.InvalidArgumentException("no such path"), Meaning.REFUSED),
    (format_envd_api_exception(503, "busy"), Meaning.UNREACHABLE),
    (format_envd_api_exception(500, "no"), Meaning.UNREACHABLE),
    (format_envd_api_exception(413, "large"), Meaning.REFUSED),
    (format_envd_api_exception(507, "full"), Meaning.REFUSED),
    (handle_rpc_exception(ConnectError(Code.INTERNAL, "no")), Meaning.UNREACHABLE),
    (handle_rpc_exception(ConnectError(Code.UNKNOWN, "what?")), Meaning.UNREACHABLE),
    (handle_rpc_exception(ConnectError(Code.PERMISSION_DENIED, "no")), Meaning.REFUSED),
    (ReadError("reset"), Meaning.UNREACHABLE),
    (httpx.DecodingError("gzip"), Meaning.UNREACHABLE),
    (ConnectionResetError(), Meaning.UNREACHABLE),
    (json.JSONDecodeError("Expecting value", "<html>", 0), Meaning.UNREACHABLE),
    (KeyError("sandboxID"), Meaning.UNREACHABLE),
    (Exception("Body of the request is None"), Meaning.UNREACHABLE),
    (Mute("of ours"), Meaning.OTHER),
    (SandboxLost(ref="i1"), Meaning.OTHER),
]


@pytest.mark.parametrize(("error", "means"), MEANINGS, ids=lambda one: repr(one)[:40])
def test_each_error_has_its_meaning(error: Exception, means: Meaning) -> None:
    assert meaning(error) is means


def test_what_was_lost_is_tried_until_patience_ends_and_each_time_says_since_when() -> None:
    clock, waits, told = [0.0], list[float](), list[object]()

    def pause(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    contact = Contact("i1", patience_s=20.0, told=told.append, now=lambda: clock[0], pause=pause)

    def ask() -> None:
        raise KeyError("sandboxID")

    with pytest.raises(
        SandboxUnreachable, match=r"i1 could not be reached: its answer can't be read \(KeyError\)"
    ):
        contact.ask(ask)
    assert (sum(waits) > 20.0, max(waits)) == (True, 5.0)
    assert len(set(told)) == 1


def test_what_is_refused_is_not_tried_again_and_names_the_template_as_well_as_the_plan() -> None:
    def ask() -> None:
        raise e2b.SandboxException("404: template 'mine' not found", status_code=404)

    with pytest.raises(SandboxUnavailable, match="'mine' not found") as refused:
        Contact("i1", pause=lambda _seconds: pytest.fail("it waited")).ask(ask)
    assert "E2B_TEMPLATE" in refused.value.hint
    assert said(ValueError()) == "its answer can't be read (ValueError)"
