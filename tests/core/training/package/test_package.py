"""What is in the zip: rows as the app reads them, code that reports, the same bytes each time, and no secret."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import db
from core.errors import AppError
from core.models.errors import ColumnsUnknown, NoFeatures, SplitUnusable, ThresholdUnusable
from core.models.fitting.questions import TargetChoices
from core.models.validation import Validation
from core.settings import Settings
from core.storage import LocalStorage
from core.training.package import division, package, subject
from core.training.package.errors import NotDivided
from core.training.package.files import held_out, local_inputs
from core.training.package.files.run_state import RunState, environment
from core.training.package.files.spool import Progress, Unreadable
from core.training.package.subject import Asked
from tests import journeys
from tests.packages import Package

PACKED: list[bytes] = []


@pytest.fixture
def database(sqlite_database: db.Database) -> db.Database:
    return sqlite_database


def asked(
    content: bytes, target: str, user: db.User, settings: Settings, **stated: Any
) -> tuple[LocalStorage, Asked]:
    """A file, uploaded, and what is to be packed of it."""
    files = LocalStorage(settings.files_dir)
    upload = journeys.upload_bytes(user, content, settings=settings, files=files, file_name="kunden.csv")
    with db.session_scope(user) as session:
        return files, subject.of_upload(session, upload_id=upload.id, target=target, **stated)


def made(files: LocalStorage, wanted: Asked) -> bytes:
    found = subject.look(files, wanted)
    return package.make(files, found, address="http://desk", data_path="/api/data")


def german() -> bytes:
    """Semicolons, decimal commas, Windows line ends and code page, words for missing cells, breaks in cells."""
    lines = ["name;ort;betrag;quote;gekündigt"]
    for n in range(60):
        place = f'"Süd;\r\nWest {n % 3}"' if n % 2 else "Nord"
        amount = "n/a" if n == 7 else f"{n},5"
        outcome = "" if n == 9 else "Ja" if n % 3 else " ja "
        lines.append(f"K{n};{place};{amount};{n % 5};{outcome if n % 4 else 'Nein'}")
    return "\r\n".join(lines).encode("cp1252")


def test_rows_are_written_as_the_app_reads_them_and_read_back_without_a_guess(
    user: db.User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = Package.unpacked(packed(user, settings), tmp_path / "p")
    text = (unpacked.folder / "data.csv").read_bytes()
    assert b'"K1","S\xc3\xbcd;\r\nWest 1",1.5,1,"Ja"\n' in text
    assert b'"K7","S\xc3\xbcd;\r\nWest 1",,2,' in text
    config = json.loads((unpacked.folder / "config.json").read_text("utf-8"))
    assert (config["target"], config["schema"]["labels"]) == ("gekündigt", ["Ja", "Nein"])
    learnt, held = laid_out(unpacked, tmp_path / "work", monkeypatch)
    assert learnt.num_rows + held.num_rows == 59  # of 60, one without an outcome
    assert "gekündigt" not in held.column_names
    truth = [json.loads(line) for line in Path(held_out.TRUTH).read_text("utf-8").splitlines()]
    assert [row for row, _ in truth] == sorted(row for row, _ in truth)
    assert {outcome for _, outcome in truth} == {"Ja", "Nein"}


def test_a_cell_of_megabytes_is_read_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data.csv"
    rows = [f'"{3_000_000 * "x" if n == 7 else n}","{"Yes" if n % 2 else "No"}"' for n in range(20)]
    data.write_text("\n".join(['"text","y"', *rows, ""]))
    schema = {"target": "y", "task": "binary", "features": [{"name": "text", "kind": "category"}]}
    monkeypatch.chdir(tmp_path)
    rows = pa.table({"row": range(20), "is_held_out": [n > 15 for n in range(20)]})
    pq.write_table(rows, "rows.parquet")
    truth = tmp_path / held_out.TRUTH
    local_inputs.lay_out({"schema": schema}, data, rows=tmp_path / "rows.parquet", truth=truth)
    read = [pq.read_table(name).column("text").to_pylist() for name in ("train.parquet", "holdout.parquet")]
    assert max(len(text) for texts in read for text in texts) == 3_000_000


def laid_out(unpacked: Package, work: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[pa.Table, pa.Table]:
    """What the code is given, in `work`: the rows to learn from, and those that are held out."""
    work.mkdir()
    monkeypatch.chdir(work)
    config = json.loads((unpacked.folder / "config.json").read_text("utf-8"))
    rows = unpacked.folder / "rows.parquet"
    local_inputs.lay_out(config, unpacked.folder / "data.csv", rows=rows, truth=work / held_out.TRUTH)
    return pq.read_table("train.parquet"), pq.read_table("holdout.parquet")


def visits(n: int = 300) -> bytes:
    """Rows of ninety people in turns, each with its number; a day apart, the newest first."""
    lines = ["nr,person,dose,day,left"]
    for one in range(n):
        day = date(2024, 3, 1) - timedelta(one)
        lines.append(f"{one}.5,p{one % 90},{one * 37 % 101 / 7:.3f},{day},{'yes' if one % 3 else 'no'}")
    return "\n".join(lines).encode()


def test_what_is_stated_of_rows_is_followed_on_ones_own_machine_as_in_a_sandbox(
    user: db.User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_person = {"validation": Validation(group_column="person"), "keep": ("nr",), "threshold": 0.8}
    content = made(*asked(visits(), "left", user, settings, **by_person))
    unpacked = Package.unpacked(content, tmp_path / "groups")
    learnt, held = laid_out(unpacked, tmp_path / "of groups", monkeypatch)
    of = [[int(nr) % 90 for nr in side.column("nr").to_pylist()] for side in (learnt, held)]
    assert not set(of[0]) & set(of[1])
    groups = pq.read_table("groups.parquet").column("group").to_pylist()
    assert len({*zip(groups, of[0], strict=True)}) == len(set(of[0]))
    config = json.loads((unpacked.folder / "config.json").read_text("utf-8"))
    assert config["threshold"] == 0.8
    assert "person" not in [feature["name"] for feature in config["schema"]["features"]]

    by_time = {"validation": Validation(time_column="day"), "keep": ("nr",)}
    content = made(*asked(visits(), "left", user, settings, **by_time))
    learnt, held = laid_out(Package.unpacked(content, tmp_path / "t"), tmp_path / "of times", monkeypatch)
    assert [int(nr) for nr in held.column("nr").to_pylist()] == list(range(60))
    times = pq.read_table("times.parquet").column("time").to_pylist()
    assert times == sorted(times, reverse=True)
    assert len(times) == learnt.num_rows == 240
    assert not Path("groups.parquet").exists()


def test_copies_stay_together_in_a_package_and_it_says_so(
    user: db.User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line.split(",") for line in visits(80).decode().splitlines()]
    header, *rows = [",".join([nr, *rest]) for nr, _, *rest in lines]  # without the person
    content = made(*asked("\n".join([header, *rows * 4]).encode(), "left", user, settings))
    unpacked = Package.unpacked(content, tmp_path / "p")
    learnt, held = laid_out(unpacked, tmp_path / "work", monkeypatch)
    of = [set(side.column("nr").to_pylist()) for side in (learnt, held)]
    assert not of[0] & of[1]
    config = json.loads((unpacked.folder / "config.json").read_text("utf-8"))
    assert "are copies of each other" in config["warnings"][0]


@pytest.mark.parametrize(
    ("stated", "refusal"),
    [
        ({"validation": Validation(group_column="nobody")}, SplitUnusable),
        ({"validation": Validation(group_column="left")}, SplitUnusable),
        ({"validation": Validation(time_column="person")}, SplitUnusable),
        ({"keep": ["left"]}, ColumnsUnknown),
        ({"threshold": float("nan")}, ThresholdUnusable),
        ({"threshold": 1.0}, ThresholdUnusable),
    ],
)
def test_what_can_not_be_stated_of_a_package_is_refused(
    user: db.User, settings: Settings, stated: dict[str, Any], refusal: type[AppError]
) -> None:
    with pytest.raises(refusal):
        made(*asked(visits(), "left", user, settings, **stated))


@pytest.mark.parametrize(
    ("target", "limit_s", "problem"),
    [("left", 1e-3, "took longer than 0.001 seconds"), ("not there", 60.0, "failed; the log says why")],
)
def test_a_child_that_gives_no_answer_is_told_of_with_the_cure(
    target: str, limit_s: float, problem: str
) -> None:
    table = pa.table({"age": ["1", "2"] * 20, "left": ["yes", "no"] * 20})
    with pytest.raises(NotDivided, match=problem) as told:
        division.divide(table, target=target, decimal=".", rules={}, limit_s=limit_s)
    assert (told.value.http_status, told.value.hint != "") == (503, True)


def test_two_classes_that_are_left_of_several_are_packed_as_two(user: db.User, settings: Settings) -> None:
    content = visits().replace(b",yes", b",maybe", 3)
    several = TargetChoices(task="multiclass", rare_classes="leave_out")
    zipped = zipfile.ZipFile(io.BytesIO(made(*asked(content, "left", user, settings, choices=several))))
    config = json.loads(zipped.read("config.json"))
    assert (config["schema"]["task"], config["schema"]["labels"]) == ("binary", ["no", "yes"])
    assert "3 rows were left out" in config["warnings"][0]


def test_a_threshold_of_a_package_of_numbers_is_refused(user: db.User, settings: Settings) -> None:
    with pytest.raises(ThresholdUnusable, match="no two classes"):
        made(*asked(visits(), "dose", user, settings, threshold=0.3))


def packed(user: db.User, settings: Settings) -> bytes:
    """Of the German file: made once, as each installation of a test makes the same."""
    if not PACKED:
        PACKED.append(made(*asked(german(), "gekündigt", user, settings)))
    return PACKED[0]


def test_the_same_asking_gives_the_same_bytes_and_no_secret_is_in_them(
    user: db.User, settings: Settings
) -> None:
    first = packed(user, settings)
    assert first == made(*asked(german(), "gekündigt", user, settings))
    with zipfile.ZipFile(io.BytesIO(first)) as zipped:
        assert {
            "train.py",
            "predict.py",
            "predictions_writer.py",
            "requirements.txt",
            "README.md",
            "config.json",
            "data.csv",
        } <= {*zipped.namelist()}
        assert all(len(line.split("==")) == 2 for line in zipped.read("requirements.txt").decode().split())
        everything = b"".join(zipped.read(name) for name in zipped.namelist())
    assert b"mdk_" not in everything
    assert str(user.id).encode() not in everything


def test_what_reports_needs_the_standard_library_alone(
    user: db.User, settings: Settings, tmp_path: Path
) -> None:
    folder = Package.unpacked(packed(user, settings), tmp_path / "p").folder
    beside = {path.stem for path in folder.glob("*.py")}
    for name in beside - {"local_inputs", "train", "predict"}:
        tree = ast.parse((folder / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {one.partition(".")[0] for one in names} <= sys.stdlib_module_names | beside
    imported = subprocess.run(
        [sys.executable, "-S", "-c", "import predictions_writer, local_training"], cwd=folder, check=False
    )
    assert imported.returncode == 0


def test_rows_beyond_the_bound_are_a_download_of_their_own(
    user: db.User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MOST_DATA_BYTES", 100)
    unpacked = Package.unpacked(made(*asked(german(), "gekündigt", user, settings)), tmp_path / "p")
    assert not (unpacked.folder / "data.csv").exists()
    ran = unpacked.run()
    assert (ran.code, "http://desk/api/data" in ran.said) == (4, True)


def test_a_file_without_a_column_to_learn_from_says_so(user: db.User, settings: Settings) -> None:
    content = b"id,y\n" + b"".join(f"k{n},{n % 2}\n".encode() for n in range(60))
    with pytest.raises(NoFeatures):
        made(*asked(content, "y", user, settings))


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ('"""Doc."""\n\nimport os\n', 3),
        ('"""Doc."""\nfrom __future__ import annotations\n\n@decorated\ndef f(): ...\n', 4),
        ('"""Doc."""\n\x0c\nimport os\n', 3),
        ('"""Doc."""\nx = "a\u2028b\x0bc"\n', 2),
        ("print(1)", 1),
        ('"""Only\na docstring."""', None),
        ("", None),
    ],
)
def test_code_reports_before_its_first_statement_and_is_else_as_it_was(code: str, first: int | None) -> None:
    led = package.led(code)
    ast.parse(led)
    lines = code.split("\n")
    above = lines if first is None else lines[: first - 1]
    assert led.startswith("\n".join(above).rstrip())
    assert led.rstrip().endswith("\n".join(lines[len(above) :]).rstrip())
    assert "local_training.lead()" in led


def test_code_whose_first_statement_shares_a_line_with_what_must_be_first_still_parses() -> None:
    led = package.led('"""Doc."""; from __future__ import annotations; import os\nprint(os)\n')
    names = [ast.unparse(statement) for statement in ast.parse(led).body]
    assert names[1:4] == [
        "from __future__ import annotations",
        "import local_training",
        "local_training.lead()",
    ]
    assert names[4:] == ["import os", "print(os)"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"job_id": 7, "attempt": 1}', '{"job_id": "x"}', '{"attempt": []}']
)
def test_a_note_that_is_damaged_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(Unreadable, match=r"state\.json can't be read.*Remove it"):
        RunState.next_of(tmp_path)
    (tmp_path / "sent.json").write_text(text or "[")
    with pytest.raises(Unreadable, match=r"sent\.json"):
        Progress.read(tmp_path / "sent.json")


def test_another_package_that_is_unpacked_over_one_is_another_training(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"target": "a"}')
    first = RunState.next_of(tmp_path)
    first.write()
    again = RunState.next_of(tmp_path)
    assert (again.job_id, again.attempt) == (first.job_id, 2)
    config.write_text('{"target": "b"}')
    other = RunState.next_of(tmp_path)
    assert other.job_id != first.job_id
    assert other.attempt == 1


def test_what_is_told_of_the_environment_stays_small_whatever_requirements_say(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    assert set(environment(path)) == {"host", "system", "python"}
    odd = ["git+https://example.org/x.git", "# none", "-e .", "a" * 200 + "==1", "\0==1", "numpy == 2 ; a"]
    path.write_text("\n".join([*odd, *(f"p{n}==1" for n in range(100))]))
    told = environment(path)
    assert len(told) <= 30
    assert "numpy" in told
    assert all(len(name) <= 100 and len(value) <= 100 for name, value in told.items())


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "holds no list"),
        ("[[" + "9" * 400 + ", 0], [1, 0]]", "not usable"),
        ("[" * 100_000, "no JSON"),
        ("[[" + "0.5, " * 400_000 + "0]]", "longer than any"),
        ('{"predictions": [[0.5, 0.5]', "cut off"),
        ('{"predictions": [[0.5, 0.5]]}', "too few"),
        ('{"predictions": [[0.5, 0.5], [1, 0], [0, 1]]}', "more rows"),
        ('{"predictions": [[0.5, 0.4], [1, 0]]}', "add up"),
        ('{"predictions": [[NaN, 0.5], [1, 0]]}', "not usable"),
        ('{"predictions": [[true, 0], [1, 0]]}', "not usable"),
        ('{"predictions": ["Yes", "No"]}', "not usable"),
        ('{"predictions": [0.5, 1]}', "not usable"),
    ],
)
def test_predictions_that_are_none_are_told_as_such(tmp_path: Path, said: str, problem: str) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / held_out.PREDICTIONS).write_text(said)
    (tmp_path / held_out.TRUTH).write_text('[1, "No"]\n[4, "Yes"]\n')
    schema = {"labels": ["No", "Yes"], "positive_label": "Yes"}
    with pytest.raises(held_out.NothingMade, match=problem):
        list(held_out.answers(tmp_path, schema))


def test_a_threshold_decides_which_label_a_held_out_row_is_told_with(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / held_out.PREDICTIONS).write_text(
        "[[0.7, 0.3], [0.70000049, 0.29999951], [0.8, 0.2]]"
    )
    (tmp_path / held_out.TRUTH).write_text('[1, "No"]\n[2, "Yes"]\n[3, "Yes"]\n')
    schema = {"labels": ["No", "Yes"], "positive_label": "Yes"}
    told = [one.predicted for one in held_out.answers(tmp_path, schema, threshold=0.3)]
    assert told == ["Yes", "Yes", "No"]  # by the digits that a result has
    assert {one.predicted for one in held_out.answers(tmp_path, schema)} == {"No"}


def test_numbers_and_several_labels_are_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "CHUNK", 7)  # so that numbers are cut in the middle
    (tmp_path / "work").mkdir()
    said = tmp_path / "work" / held_out.PREDICTIONS
    (tmp_path / held_out.TRUTH).write_text('[1, "1.5"]\n[2, "2.0"]\n[9, "0.1"]\n')
    said.write_text(json.dumps({"predictions": [1.25, -3.5e-07, 123456789.123]}))
    numbers = held_out.answers(tmp_path, {"labels": [], "positive_label": None})
    assert [(one.row, one.predicted) for one in numbers] == [
        (1, "1.25"),
        (2, "-3.5e-07"),
        (9, "123456789.123"),
    ]
    said.write_text(json.dumps({"predictions": [[0.2, 0.7, 0.1], [1.0, 0.0, 0.0], [0.1, 0.2, 0.7]]}))
    labels = held_out.answers(tmp_path, {"labels": ["a", "b", "c"], "positive_label": None})
    assert [(one.predicted, one.probability) for one in labels] == [("b", 0.7), ("a", 1.0), ("c", 0.7)]
    said.write_text(json.dumps([[1.0005, 0.0, 0.0], [0.0, 0.9995, 0.0], [0, 0, 1]]))
    rounded = held_out.answers(tmp_path, {"labels": ["a", "b", "c"], "positive_label": None})
    assert [one.probability for one in rounded] == [1.0, 0.9995, 1.0]
    said.unlink()
    said.mkdir()
    with pytest.raises(held_out.NothingMade, match="left no"):
        list(held_out.answers(tmp_path, {"labels": [], "positive_label": None}))
