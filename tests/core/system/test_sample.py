from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa

from core.models.fitting import training
from core.system import sample


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        sample.write_sample(tmp_path / name, n_rows=300, seed=seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_a_quarter_of_the_subscribers_churn(tmp_path: Path) -> None:
    sample.write_sample(tmp_path / "s.csv", n_rows=1000)
    churned = [row[sample.TARGET] for row in rows(tmp_path / "s.csv")]
    assert churned.count("Yes") == 250
    assert churned.count("No") == 750


def test_a_few_cells_are_blank_and_every_customer_is_one_of_a_kind(tmp_path: Path) -> None:
    sample.write_sample(tmp_path / "s.csv", n_rows=1000)
    found = rows(tmp_path / "s.csv")
    blanks = {name for row in found for name, cell in row.items() if not cell}
    assert blanks == {"age", "total_charges", "days_since_last_login"}
    assert len({row["customer_id"] for row in found}) == 1000


def test_a_model_can_learn_who_churns_but_not_perfectly(tmp_path: Path) -> None:
    sample.write_sample(tmp_path / "s.csv", n_rows=1500)
    found = rows(tmp_path / "s.csv")
    table = pa.table({name: pa.array([row[name] for row in found]) for name in found[0]})
    trained = training.train(table, target=sample.TARGET, decimal=".", progress=lambda _done, _units: None)
    assert 0.8 < trained.metrics["roc_auc"].mean < 0.9
    assert [dropped.column for dropped in trained.dropped] == ["customer_id"]
    assert trained.warnings == ()
