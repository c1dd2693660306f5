"""From an upload through a training to scores: a cell means what it meant in training, or a caution says so."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core import access, db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.metrics.regression import Regression
from core.models import models, readings
from core.predictions import predictions
from core.predictions.check import schema_check
from core.predictions.check.schema_check import SchemaCheck
from core.predictions.results import measures
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from tests import journeys


@dataclass(frozen=True)
class Desk:
    """An installation with a model of shares in percent, amounts as a German writes them, and -999 for nothing."""

    settings: Settings
    files: LocalStorage
    user: db.User
    model: ModelRow

    def upload(self, *rows: str) -> UploadRow:
        content = "\n".join(["share;amount;level", *rows, ""]).encode()
        return journeys.upload_bytes(self.user, content, settings=self.settings, files=self.files)

    def check(self, upload: UploadRow, **choices: str) -> SchemaCheck:
        return schema_check.check(
            self.user, storage=self.files, upload_id=upload.id, model_id=self.model.id, choices=choices
        )

    def score(self, upload: UploadRow, **choices: str) -> tuple[list[list[str]], PredictionRow]:
        """The cells of each row behind its own, and the prediction."""
        with db.session_scope(self.user, write=True) as session:
            made = predictions.create(session, upload_id=upload.id, model_id=self.model.id, choices=choices)
        done = journeys.settled(self.user, made.id)
        assert (done.status, done.output_key) == ("COMPLETED", done.output_key)
        lines = (self.files.root / str(done.output_key)).read_text().splitlines()[1:]
        return [line.replace(",", ".").split(";")[3:] for line in lines], done


def _training(draw: random.Random) -> Iterator[str]:
    yield "share;amount;level;late"
    for place in range(300):
        share, amount = draw.uniform(0, 100), draw.uniform(1, 20_000)
        level = "-999" if place % 20 == 0 else f"{draw.uniform(40, 90):.0f}"
        late = "yes" if share / 100 + amount / 20_000 + draw.uniform(-0.2, 0.2) > 1 else "no"
        written = f"{amount:,.{0 if amount > 1_000 else 2}f}".translate(str.maketrans(",.", ".,"))
        yield f"{share:.1f}%;{written};{level};{late}".replace(".", ",", 1)


@pytest.fixture(scope="module")
def made_once(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("readings") / "data"
    folder.mkdir()
    settings = journeys.embedded(folder)
    shutil.copyfile(migrated_sqlite, folder / "model_desk.sqlite3")
    db.connect(settings.database)
    user, files = access.settle_local_user(), LocalStorage(settings.files_dir)
    content = "\n".join([*_training(random.Random(3)), ""]).encode()
    upload = journeys.upload_bytes(user, content, settings=settings, files=files)
    with journeys.running(settings):
        yield Desk(settings, files, user, journeys.train(user, upload, target="late"))


@pytest.fixture
def desk(made_once: Desk) -> Desk:
    db.connect(made_once.settings.database)
    return made_once


def test_a_row_scores_the_same_alone_and_among_others(desk: Desk) -> None:
    rows = ["90,5%;17.969;-999", "12,5%;1.500;61", "88,1%;950,25;52", "3,0%;-999;80"]
    together, _ = desk.score(desk.upload(*rows, "50,0%;1.234,50;77"))
    alone = [desk.score(desk.upload(row))[0][0] for row in rows[:2]]
    assert alone == together[:2]


def test_who_is_not_asked_has_a_caution_in_each_row_and_a_choice_is_kept_and_offered_again(
    desk: Desk,
) -> None:
    upload = desk.upload("0,905;1.500;61", "0,2;950,25;52", ";950,25;52")
    asked = desk.check(upload)
    (question,) = asked.questions
    assert (question.column, question.cells, question.chosen) == ("share", ("0,905", "0,2"), "")
    assert [option.values for option in question.options] == [("90,5", "20"), ("0,905", "0,2")]
    assert ("share", "guessed") in {(one.name, one.about) for one in asked.warnings}
    guessed, made = desk.score(upload)
    assert [row[-1] for row in guessed] == ["read by a guess: share", "read by a guess: share", ""]
    assert made.options == {}

    chosen, made = desk.score(upload, share="fractions")
    assert [row[:-1] for row in chosen] == [row[:-1] for row in guessed]
    assert [row[-1] for row in chosen] == ["", "", ""]
    assert made.options == {"reading": {"share": "fractions"}}
    again = desk.check(upload)
    assert (again.remembered_reading, again.reading) == ({"share": "fractions"}, {})
    other, _ = desk.score(upload, share="percent")
    assert other[0][:-1] != chosen[0][:-1]
    signed, _ = desk.score(desk.upload("90,5%;1.500;61"))
    assert signed[0][:-1] == chosen[0][:-1]


def test_of_a_file_that_lacks_some_percent_signs_only_the_bare_cells_get_a_caution(desk: Desk) -> None:
    upload = desk.upload(
        *(["47,2%;1.500;61", "0,282;950,25;52", "3,1%;1.500;61", "0;950,25;52", ";950,25;52"] * 3)
    )
    (warning,) = [one for one in desk.check(upload).warnings if one.about == "guessed"]
    assert (warning.name, warning.n_cells) == ("share", 3)
    scored, made = desk.score(upload)
    assert [row[-1] for row in scored] == ["", "read by a guess: share", "", "out of range: share", ""] * 3
    assert measures.of(made).n_cautioned == 6
    assert {one.column: one.n_guessed for one in measures.of(made).quality}["share"] == 3
    alone, _ = desk.score(desk.upload("28,2%;950,25;52"))
    assert scored[1][:-1] == alone[0][:-1]


def test_outcomes_in_another_scale_are_measured_as_somebody_chose_or_a_guess_says_so(desk: Desk) -> None:
    """A model of a percentage: without signs and as parts of one, its outcomes are hundredths of what they were."""
    with db.session_scope(desk.user) as session:
        upload = uploads.get(session, upload_id=desk.model.upload_id or 0)
    desk = replace(desk, model=journeys.train(desk.user, upload, target="share"))
    known = models.schema_of(desk.model).target_range
    assert known is not None and 0 <= known.minimum < 5 < known.median < 95 < known.maximum <= 100
    shares = [f"{0.03 + place / 11:.3f}".replace(".", ",") for place in range(1, 10)]
    lines = ["share;amount;level;late", *(f"{share};{n}.500;61;no" for n, share in enumerate(shares, 1)), ""]
    bare = journeys.upload_bytes(
        desk.user, "\n".join(lines).encode(), settings=desk.settings, files=desk.files
    )
    found = {}
    for chosen in ("", "fractions", "percent"):
        _, made = desk.score(bare, **({"share": chosen} if chosen else {}))
        told = measures.of(made)
        assert isinstance(told.metrics, Regression) and told.metrics.mae is not None
        found[chosen] = told.metrics.mae
        assert ("had percent signs" in told.outcome_guess) == (not chosen)
        assert told.n_cautioned == 0
    assert found[""] == found["fractions"] != found["percent"]


def test_a_model_of_before_takes_its_readings_from_its_upload(desk: Desk) -> None:
    with db.session_scope(desk.user) as session:
        model = models.get(session, model_id=desk.model.id)
        session.expunge(model)
        kept = models.schema_of(model)
        plain = kept.to_json() | {"target_reading": None}
        plain["features"] = [{**feature, "reading": None} for feature in plain["features"]]
        model.schema = plain
        assert readings.schema_of(session, model) == kept
        model.data_sha256 = "0" * 64  # of another file than the upload is now
        assert all(feature.reading is None for feature in readings.schema_of(session, model).features)


def test_a_choice_that_is_none_makes_no_prediction(desk: Desk) -> None:
    upload = desk.upload("0,905;1.500;61")
    with pytest.raises(Exception, match="'share' can't be read as 'sideways'") as refused:
        desk.score(upload, share="sideways")
    assert getattr(refused.value, "hint", "") == "Choose 'fractions' or 'percent'."
