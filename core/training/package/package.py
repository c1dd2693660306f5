"""Makes the zip: the same bytes for the same asking, and no secret in it."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from core.storage import Storage
from core.training.bargain import metric_lines
from core.training.package import rows
from core.training.package.files.code_run import GIVEN
from core.training.package.files.preflight import ROWS
from core.training.package.subject import Subject

MOST_DATA_BYTES: Final = 50_000_000  # in the zip; a larger file is a download of its own
MOST_WARNINGS, MOST_WARNING = 20, 1_000  # sentences, and characters of one, that a training may tell
DATA: Final = "data.csv"
LIBRARIES: Final = ("joblib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell: no moment is in its bytes
FILES: Final = Path(__file__).with_name("files")
MODULES: Final = (
    *("predictions_writer", "desk", "spool", "local_training", "code_run", "run_state", "held_out"),
    *("local_inputs", "preflight"),
)
# How modules name each other here, and in a folder that holds nothing else.
FLATTENED: Final = {
    "from core.training.package.files import ": "import ",
    "from core.training.package.files.": "from ",
    "from core.training.bargain.": "from ",
}
LEAD: Final = """import local_training  # reports to Model Desk

local_training.lead()  # what follows runs as in the app's own sandbox, in the folder work/
"""


def make(storage: Storage, subject: Subject, *, address: str, data_path: str) -> bytes:
    """The zip. address: of the app. data_path: where data.csv is downloaded, of a file that is too large for the zip.

    Blocking; holds no more than MOST_DATA_BYTES of the data. Raises what `rows.write` raises.
    """
    data, sha256, size_bytes = _data(storage, subject)
    config = _config(subject, address=address, sha256=sha256, size_bytes=size_bytes)
    if data is None:
        config["data"]["url"] = f"{address}{data_path}"
    requirements = "".join(f"{name}=={version(name)}\n" for name in LIBRARIES)
    contents = {
        "train.py": led(subject.code),
        **({} if subject.predict_code is None else {GIVEN: subject.predict_code}),
        **{f"{name}.py": flat((FILES / f"{name}.py").read_text("utf-8")) for name in MODULES},
        "metric_lines.py": flat(Path(metric_lines.__file__).read_text("utf-8")),
        "requirements.txt": requirements,
        "README.md": (FILES / "README.md").read_text("utf-8"),
        "config.json": json.dumps(config, indent=1, ensure_ascii=False) + "\n",
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for name, text in contents.items():
            zipped.writestr(_entry(name), text)
        zipped.writestr(_entry(ROWS), _parquet(subject.division.rows))
        if data is not None:
            zipped.writestr(_entry(DATA), data)
    return sink.getvalue()


def file_name(model_name: str) -> str:
    """What the zip is called, of letters that every shell and file system takes."""
    plain = re.sub(r"[^\w-]+", "_", model_name, flags=re.ASCII).strip("_")[:60]
    return f"{plain or 'model'}-package.zip"


def led(code: str) -> str:
    """The code, with the two lines that report for it before its first statement. Raises SyntaxError."""
    body = ast.parse(code).body
    first = next((n for n, statement in enumerate(body) if not _must_be_first(statement, n)), len(body))
    lines = io.StringIO(code, newline=None).readlines()  # at line ends alone, as Python counts them
    if first == len(body):
        above, below = "".join(lines), ""
    else:
        at = _first_line(body[first]) - 1
        begins = len(lines[at].encode()[: body[first].col_offset].decode())
        is_alone = not lines[at][:begins].strip("; \t\f")
        n = 0 if is_alone else begins
        above, below = "".join(lines[:at]) + lines[at][:n].rstrip("; \t"), "".join(lines[at:])[n:]
    return "\n\n".join(part for part in (above.rstrip(), LEAD.rstrip(), below.rstrip("\n")) if part) + "\n"


def flat(module: str) -> str:
    """A module of ours as it stands in the package."""
    for here, there in FLATTENED.items():
        module = module.replace(here, there)
    return module


def _must_be_first(statement: ast.stmt, place: int) -> bool:
    """A docstring, or an import from the future."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return place == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _first_line(statement: ast.stmt) -> int:
    """Counted from 1; of what is decorated, its first decorator's."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _data(storage: Storage, subject: Subject) -> tuple[bytes | None, str, int]:
    """The data where it fits into the zip, its sha256, and its size."""
    parts: list[bytes] | None = []
    digest, size_bytes = hashlib.sha256(), 0
    for part in rows.write(storage, subject):
        digest.update(part)
        size_bytes += len(part)
        if size_bytes > MOST_DATA_BYTES:
            parts = None
        elif parts is not None:
            parts.append(part)
    return None if parts is None else b"".join(parts), digest.hexdigest(), size_bytes


def _config(subject: Subject, *, address: str, sha256: str, size_bytes: int) -> dict[str, Any]:
    asked = subject.asked
    return {
        "version": 1,
        "address": address,
        "model_name": asked.model_name,
        "target": subject.schema.target,
        "upload_id": str(asked.upload.id),
        "code_source": "template" if asked.code is None else "user",
        "code_sha256": subject.code_sha256,
        "data": {
            "name": asked.upload.file_name,
            "sha256": sha256,
            "size_bytes": size_bytes,
            "n_rows": asked.upload.n_rows,
        },
        "schema": subject.question,
        "threshold": asked.threshold,
        "warnings": [one[:MOST_WARNING] for one in subject.division.warnings[:MOST_WARNINGS]],
    }


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = 3, 0o644 << 16  # a plain file, wherever it was zipped
    return entry
