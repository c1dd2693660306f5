"""From what somebody asks for to a job that can be made: all that can be wrong is found here, in no transaction.

Apart from what a job is, as reading uploads loads much that the processes which ask a model never need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import uuid4

from core import db, llm
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.uploads import UploadRow
from core.errors import AppError
from core.generation.engine.requests import prompts
from core.generation.errors import BadParameters, NoBatches, RowRefused, TooMuchText
from core.generation.jobs.drafts import Draft, Wanted, spread
from core.generation.jobs.parameters import Parameters, of_grid, of_rows, require_size
from core.generation.templates import choice, variables
from core.generation.templates.rendering import LONGEST_PROMPT_BYTES, CompiledTemplate
from core.storage import Storage
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

MOST_BYTES: Final = 64_000_000  # of text from an upload, which is in memory at once, several times as large
SOURCES: Final = ("grid", "rows", "upload_id")


def draft(user: db.User, *, files: Storage, provider: llm.Provider, wanted: Wanted) -> Draft:
    """Raises what is wrong with parameters, template, values, and a model without a price."""
    if wanted.mode == "batches" and provider.is_offline:
        raise NoBatches
    given = read(user, files=files, given=wanted.parameters)
    with db.session_scope(user) as session:
        chosen = choice.choose(session, template_id=wanted.template_id, names=given.names)
        session.expunge(chosen.template)
    compiled = CompiledTemplate.of(chosen.template)
    model = wanted.model or provider.default_model
    batch_job_id = uuid4()
    rows: list[dict[str, Any]] = [
        {"id": uuid4(), "batch_job_id": batch_job_id, "idx": idx, "params": params}
        for idx, params in enumerate(_checked(compiled, chosen.template, given))
    ]
    samples = [
        prompts.request(compiled.render(rows[idx]["params"]), model=model, max_tokens=wanted.max_tokens)
        for idx in spread(len(rows))
    ]
    is_batch = wanted.mode == "batches"
    worst = max(prompts.worst_case(provider, sample, batch=is_batch) for sample in samples)
    return Draft(wanted, batch_job_id, provider, model, chosen.template, chosen.reason, rows, samples, worst)


def _checked(
    compiled: CompiledTemplate, template: PromptTemplateRow, given: Parameters
) -> list[dict[str, Any]]:
    """The typed values of each row. A row that could make too long a prompt is filled in to see. Raises RowRefused."""
    known = [variable.name for variable in compiled.variables]
    n_uses = template.prompt.count("{{") + template.prompt.count("{%")
    room = LONGEST_PROMPT_BYTES // 8 - len(template.prompt)
    checked = []
    for number, row in enumerate(given.rows(known), start=1):
        try:
            typed = variables.check(compiled.variables, row)
            if sum(len(str(value)) + 60 for value in typed.values()) * max(1, n_uses) > room:
                compiled.render(typed)
        except AppError as error:
            raise RowRefused(row=number, problem=str(error)) from error
        checked.append({name: value for name, value in typed.items() if value is not None})
    return checked


def read(user: db.User, *, files: Storage, given: Mapping[str, Any]) -> Parameters:
    """The rows that `given` describes: one of {"grid": {name: [values]}}, {"rows": [{name: value}]}, {"upload_id": n}.

    Raises BadParameters, NoItems, TooManyItems, NotFound, and what reading an upload raises.
    """
    named = [name for name in SOURCES if given.get(name) is not None]
    if len(named) != 1 or set(given) - set(SOURCES):
        raise BadParameters(problem=f"they name {' and '.join(named) if named else 'no source of values'}")
    match named[0]:
        case "grid":
            return of_grid(given["grid"])
        case "rows":
            return of_rows(given["rows"])
        case _:
            return of_upload(user, files=files, upload_id=given["upload_id"])


def of_upload(user: db.User, *, files: Storage, upload_id: object) -> Parameters:
    """The rows of an upload, its columns as the variables; cells are text, as they stand there."""
    if not str(upload_id).isdecimal() or len(str(upload_id)) > 18:
        raise BadParameters(problem="upload_id is no number")
    with db.session_scope(user) as session:
        upload = uploads.own(session, upload_id=int(str(upload_id)))
        examined = uploads.examination_of(upload)
        session.expunge(upload)
    require_size(upload.n_rows)
    names = tuple(column.name for column in examined.columns)
    return Parameters(names, partial(_rows_of, files, upload, examined.dialect))


def _rows_of(
    files: Storage, upload: UploadRow, dialect: Dialect, known: Collection[str]
) -> Sequence[Mapping[str, Any]]:
    """What an upload says of these variables; None where it has no such column."""
    rows: list[Mapping[str, Any]] = []
    n_bytes = 0
    with stored.open_bytes(files, upload) as source:
        for block in stream.read_blocks(source, dialect, known):
            if (n_bytes := n_bytes + block.nbytes) > MOST_BYTES:
                raise TooMuchText(file_name=upload.file_name, limit_mb=MOST_BYTES // 1_000_000)
            columns = {
                name: block[name].to_pylist() if name in block.column_names else None for name in known
            }
            rows += (
                {name: None if cells is None else cells[at] for name, cells in columns.items()}
                for at in range(block.num_rows)
            )
    return rows
