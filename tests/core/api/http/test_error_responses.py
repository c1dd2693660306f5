from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import core
from core.access.errors import NotSignedIn, TooManyAttempts
from core.api.errors import MethodNotTaken, NoFile, RangeUnsatisfiable, TooLargeToWaitFor
from core.api.http import error_responses
from core.db import Deadlocked
from core.errors import AppError
from core.uploads.errors import NulBytes, Spreadsheet
from core.uploads.report.overrides import MARKS
from tests.principals import ELSEWHERE

ABOVE_THE_API = ("core.app", "core.start", "core.ui")
STATUSES = {
    400: "bad_cursor bad_request no_file several_files",
    401: "not_signed_in sign_in_failed sign_in_way_off",
    403: "forbidden not_allowed not_by_token not_let_in not_oneself not_yours owned_by_another "
    "scope_missing wrong_host wrong_origin",
    404: "no_such_column no_such_table not_found not_stored receipt_missing result_gone unknown_person "
    "upload_gone",
    405: "method_not_allowed",
    408: "sender_silent",
    409: "collided conflict deadlocked idempotency_key_in_use key_taken lease_lost model_damaged "
    "model_in_use predictions_depend_on_it result_damaged result_unreadable stopped "
    "too_many_tokens",
    412: "precondition_failed",
    413: "too_large too_large_for_sync unpacks_too_large",
    415: "compressed not_a_csv spreadsheet unsupported_media_type",
    416: "range_not_satisfiable",
    422: "archive_inside archive_unreadable bad_archive bad_csv bad_mapping changed_since_checked "
    "column_unknown columns_missing columns_unknown empty_file escape_at_end feature_missing "
    "feature_retyped header_only idempotency_key_reused invalid label_unquotable label_unwritable "
    "mapped_away mapped_column_unknown mapped_name_unknown mapped_twice mapping_unreadable "
    "marks_clash name_unusable no_features nothing_inside nul_bytes one_class_only "
    "positive_label_unknown quote_never_closed quote_stays_open rare_class reasons_unknown "
    "record_over_limit record_too_long several_inside target_empty target_missing "
    "text_after_quote too_few_rows too_many_classes too_many_columns undecodable_bytes "
    "unequal_row",
    429: "too_many_attempts too_many_waiting",
    500: "bad_bands bad_key block_failed insecure_address length_mismatch model_file_changed "
    "model_file_untrusted not_a_histogram not_a_score not_numbers sign_in_missing unknown_kind "
    "unknown_task wrong_setting",
    503: "carrier_unavailable cluster_unavailable database_unavailable disk_full input_lost "
    "newer_schema no_local_user no_runner pooler_unnamed provider_unavailable range_killed "
    "role_missing storage_unavailable",
}  # fmt: skip


def _error_classes() -> list[type[AppError]]:
    """Every deliberate failure of every room that a route can reach."""
    for module in pkgutil.walk_packages(core.__path__, "core."):
        if not module.name.startswith(ABOVE_THE_API) and "__main__" not in module.name:
            importlib.import_module(module.name)
    return [found for found in _below(AppError) if found.__module__.startswith("core.")]


def _below(error: type[AppError]) -> Iterator[type[AppError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)


def test_programs_find_each_code_with_the_status_it_has_always_had() -> None:
    """Codes that are new are free; one that is here is somebody's `if`."""
    given = {(error.code, error.http_status) for error in _error_classes()}
    pinned = {(code, status) for status, codes in STATUSES.items() for code in codes.split()}
    known = {code for code, _ in pinned}
    assert {(code, status) for code, status in given if code in known} == pinned


def test_every_status_is_one_the_documentation_explains() -> None:
    assert {error.http_status for error in _error_classes()} <= set(error_responses.MEANS)


@pytest.mark.parametrize(
    ("error", "status"),
    [(Spreadsheet, 415), (NulBytes, 422), (NoFile, 400), (TooLargeToWaitFor, 413), (Deadlocked, 409)],
)
def test_an_error_has_the_status_of_its_nearest_base(error: type[AppError], status: int) -> None:
    assert error.http_status == status


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (NotSignedIn(), ("www-authenticate", "Bearer")),
        (NotSignedIn(), ("cache-control", "no-store")),
        (TooManyAttempts(wait_s=7), ("retry-after", "7")),
        (MethodNotTaken(path="/api/csv", method="PUT", allowed="POST"), ("allow", "POST")),
        (RangeUnsatisfiable(size_bytes=9, asked="bytes=9-"), ("content-range", "bytes */9")),
    ],
)
def test_an_error_brings_the_headers_that_programs_ask_for(error: AppError, header: tuple[str, str]) -> None:
    assert header in error_responses.answer(error).headers.items()


def test_an_error_without_a_base_of_its_own_is_told_as_what_makes_no_sense() -> None:
    class Unheard(AppError):
        code = "unheard"
        message = "Nobody has heard of this."

    answer = error_responses.answer(Unheard())
    assert answer.status_code == 422
    assert json.loads(answer.body)["error"] == {
        "code": "unheard",
        "message": "Nobody has heard of this.",
        "hint": "",
    }


def test_the_documentation_knows_one_shape_of_refusal(described: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in json.dumps(described)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status.startswith(("2", "3")) or path == "/health":
                    continue
                shape = answer["content"]["application/json"]["schema"]["$ref"]
                assert shape.endswith("/Refused"), f"{method} {path} {status}"


def test_every_call_of_one_thing_documents_that_it_may_not_be_there(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        if "_id}" in path:
            assert all("404" in operation["responses"] for operation in operations.values()), path


def test_every_call_with_a_json_body_documents_how_that_may_be_refused(described: dict[str, Any]) -> None:
    with_body = [
        (f"{method} {path}", operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    assert with_body
    for name, operation in with_body:
        assert {"400", "413", "415", "422"} <= set(operation["responses"]), name


def test_every_download_documents_its_conditions_and_what_comes_of_them(described: dict[str, Any]) -> None:
    downloads = [
        operation
        for operations in described["paths"].values()
        for operation in operations.values()
        if "206" in operation["responses"]
    ]
    assert len(downloads) == 2
    for operation in downloads:
        assert {"304", "412", "416"} <= set(operation["responses"])
        assert {"Range", "If-Range", "If-Match", "If-None-Match"} <= {
            parameter["name"] for parameter in operation["parameters"]
        }


def test_the_documentation_lists_the_marks_a_file_can_be_read_with(described: dict[str, Any]) -> None:
    reading = described["components"]["schemas"]["UploadOverrides"]["properties"]
    assert reading["delimiter"]["anyOf"][0]["enum"] == [*MARKS]
    assert "cp1252" in reading["encoding"]["anyOf"][0]["enum"]


def test_the_documentation_says_that_a_text_holds_no_nul(described: dict[str, Any]) -> None:
    target = described["components"]["schemas"]["Training"]["properties"]["target"]
    assert re.match(target["pattern"], "price\n€")
    assert not re.match(target["pattern"], "pri\0ce")


def test_the_documentation_names_every_field_of_an_upload(described: dict[str, Any]) -> None:
    form = described["paths"]["/csv"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {
        "file",
        "encoding",
        "model_id",
        "mode",
        "mapping",
        "reading",
        "reasons",
        "threshold",
    }
    assert form["additionalProperties"] is False


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_that_may_be_left_out_has_its_fields_named_too(client: httpx.Client) -> None:
    path = f"/api/batch-jobs/{ELSEWHERE}/resume"
    for body in ({"limit": 1}, [1]):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json()["error"]["hint"]) == (422, "Its fields are max_cost_usd.")
