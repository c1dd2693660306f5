from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator

import pytest

import core
from core import settings as settings_module
from core.api import application
from core.api.errors import NoFile, TooLargeToWaitFor
from core.api.http import error_responses
from core.errors import AppError
from core.uploads.errors import NulBytes, Spreadsheet
from core.uploads.report.overrides import MARKS

ABOVE_THE_API = ("core.app", "core.start", "core.ui")


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


def test_every_deliberate_failure_was_given_a_status() -> None:
    unlisted = [
        f"{error.__module__}.{error.__name__}"
        for error in _error_classes()
        if not error.__module__.startswith(ABOVE_THE_API)
        and not set(error.__mro__) & set(error_responses.STATUS)
    ]
    assert unlisted == []


def test_every_status_is_one_the_documentation_explains() -> None:
    assert set(error_responses.STATUS.values()) <= set(error_responses.MEANS)


@pytest.mark.parametrize(
    ("error", "status"), [(Spreadsheet, 415), (NulBytes, 422), (NoFile, 400), (TooLargeToWaitFor, 413)]
)
def test_an_error_has_the_status_of_its_nearest_listed_base(error: type[AppError], status: int) -> None:
    assert error_responses.status_of(error) == status


def test_an_error_nobody_listed_is_still_told_to_the_caller() -> None:
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


def test_the_documentation_knows_one_shape_of_refusal() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    assert "HTTPValidationError" not in json.dumps(schema)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status.startswith(("2", "3")) or path == "/health":
                    continue
                shape = answer["content"]["application/json"]["schema"]["$ref"]
                assert shape.endswith("/Refused"), f"{method} {path} {status}"


def test_every_call_of_one_thing_documents_that_it_may_not_be_there() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    for path, operations in schema["paths"].items():
        if "_id}" in path:
            assert all("404" in operation["responses"] for operation in operations.values()), path


def test_every_call_with_a_json_body_documents_how_that_may_be_refused() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    with_body = [
        (f"{method} {path}", operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    assert with_body
    for name, operation in with_body:
        assert {"400", "413", "415", "422"} <= set(operation["responses"]), name


def test_every_download_documents_its_conditions_and_what_comes_of_them() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    downloads = [
        operation
        for operations in schema["paths"].values()
        for operation in operations.values()
        if "206" in operation["responses"]
    ]
    assert len(downloads) == 2
    for operation in downloads:
        assert {"304", "412", "416"} <= set(operation["responses"])
        assert {"Range", "If-Range", "If-Match", "If-None-Match"} <= {
            parameter["name"] for parameter in operation["parameters"]
        }


def test_the_documentation_lists_the_marks_a_file_can_be_read_with() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    reading = schema["components"]["schemas"]["UploadOverrides"]["properties"]
    assert reading["delimiter"]["anyOf"][0]["enum"] == [*MARKS]
    assert "cp1252" in reading["encoding"]["anyOf"][0]["enum"]


def test_the_documentation_says_that_a_text_holds_no_nul() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    target = schema["components"]["schemas"]["Training"]["properties"]["target"]
    assert re.match(target["pattern"], "price\n€")
    assert not re.match(target["pattern"], "pri\0ce")


def test_the_documentation_names_every_field_of_an_upload() -> None:
    schema = application.build(settings_module.read(_env_file=None)).openapi()
    form = schema["paths"]["/csv"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"file", "model_id", "mode", "mapping", "reasons"}
    assert form["additionalProperties"] is False
