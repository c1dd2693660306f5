from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from core.models import artifact, recipes
from core.models.errors import ModelFileChanged, ModelFileUntrusted
from core.models.fitting.training import TrainingResult
from core.models.opener import ESTIMATORS, skops_io
from core.models.schema import Feature, Schema, frame

Fitted = dict[tuple[str, str], Pipeline]


@pytest.fixture(scope="module")
def of_many_values() -> Pipeline:
    """Trees after a category of so many values that their means are learnt from."""
    values = tuple(f"region {place}" for place in range(20))
    schema = Schema((Feature("region", "category", categories=values),), "y", "regression")
    cells = pd.DataFrame({"region": pd.Series(values * 10, dtype=object)})
    made = recipes.build(recipes.TREES, schema, n_rows=200, with_missing=frozenset())
    return made.fit(cells, np.arange(200.0) % 20)


def answers(pipeline: Pipeline, trained: TrainingResult, table: pa.Table) -> np.ndarray:
    features = frame(table, trained.schema, ".")
    return (
        pipeline.predict(features)
        if trained.schema.task == "regression"
        else pipeline.predict_proba(features)
    )


@pytest.mark.parametrize("name", recipes.NAMES)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_recipe_answers_the_same_after_a_round_trip(
    name: str, task: str, fitted: Fitted, trained: dict[str, TrainingResult], table: pa.Table, tmp_path: Path
) -> None:
    pipeline = fitted[task, name]
    path = tmp_path / "model.skops"
    again = artifact.load(path, artifact.save(pipeline, path))
    assert np.array_equal(answers(again, trained[task], table), answers(pipeline, trained[task], table))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_weights_are_kept_and_a_mean_from_before_there_were_any_weighs_its_members_alike(
    task: str, fitted: Fitted, trained: dict[str, TrainingResult], table: pa.Table, tmp_path: Path
) -> None:
    schema, path = trained[task].schema, tmp_path / "model.skops"
    members = fitted[task, recipes.BLEND][-1].members
    weighed = recipes.blended(members, schema, weights=(0.25, 0.75))
    again = artifact.load(path, artifact.save(weighed, path))
    assert np.array_equal(answers(again, trained[task], table), answers(weighed, trained[task], table))

    older = recipes.blended(members, schema)
    expected = answers(older, trained[task], table)
    assert not np.array_equal(expected, answers(weighed, trained[task], table))
    del older[-1].weights
    again = artifact.load(path, artifact.save(older, path))
    assert "weights" not in vars(again[-1])
    assert np.array_equal(answers(again, trained[task], table), expected)


def test_every_trusted_type_is_needed_by_some_recipe(
    fitted: Fitted, of_many_values: Pipeline, tmp_path: Path
) -> None:
    asked_for = set()
    for pipeline in (*fitted.values(), of_many_values):
        artifact.save(pipeline, tmp_path / "model.skops")
        asked_for |= set(skops_io.get_untrusted_types(file=tmp_path / "model.skops"))
    assert asked_for == set(artifact.TRUSTED)


def test_every_estimator_that_is_trusted_is_in_some_model(
    fitted: Fitted, of_many_values: Pipeline, tmp_path: Path
) -> None:
    in_models = set()
    for pipeline in (*fitted.values(), of_many_values):
        artifact.save(pipeline, tmp_path / "model.skops")
        with zipfile.ZipFile(tmp_path / "model.skops") as archive:
            described = archive.read("schema.json").decode()
        in_models |= {one for one in ESTIMATORS if f'"__class__": "{one.__name__}"' in described}
    assert in_models == set(ESTIMATORS)


def test_a_process_that_opens_models_knows_no_other_estimators_and_has_not_looked_for_them() -> None:
    """In one of its own: of this one, other tests have asked for more."""
    look = """if True:
        import sys
        import core.models.artifact
        from skops.io._trusted_types import SKLEARN_ESTIMATOR_TYPE_NAMES as names
        from sklearn.utils import all_estimators
        print(*sorted(name.rpartition(".")[2] for name in names))
        print("sklearn.mixture" in sys.modules, all_estimators.__module__)
    """
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    names, loaded = said.splitlines()
    assert names.split() == sorted(one.__name__ for one in ESTIMATORS)
    assert loaded == "False sklearn.utils.discovery"


def test_the_hash_is_that_of_the_file(trained: dict[str, TrainingResult], tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    first = artifact.save(trained["binary"].pipeline, path)
    assert len(first) == 64
    with pytest.raises(ModelFileChanged, match="not the file that was saved"):
        artifact.load(path, first.replace(first[0], "f" if first[0] != "f" else "0"))


def test_a_changed_byte_is_refused(trained: dict[str, TrainingResult], tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    sha256 = artifact.save(trained["binary"].pipeline, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileChanged):
        artifact.load(path, sha256)


def test_a_truncated_file_is_refused(trained: dict[str, TrainingResult], tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    sha256 = artifact.save(trained["binary"].pipeline, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelFileChanged):
        artifact.load(path, sha256)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileChanged, match=r"lost\.skops is missing"):
        artifact.load(tmp_path / "lost.skops", "0" * 64)


def test_a_pipeline_with_a_function_of_its_own_is_refused_though_its_hash_is_right(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    foreign = Pipeline([("call", FunctionTransformer(func=zipfile.is_zipfile))])
    with pytest.raises(ModelFileUntrusted, match="parts that models of this app never have"):
        artifact.load(path, artifact.save(foreign, path))


def test_a_pipeline_with_a_foreign_tree_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    rows = np.arange(40.0).reshape(20, 2)
    model = KNeighborsClassifier(algorithm="kd_tree").fit(rows, [0, 1] * 10)
    with pytest.raises(ModelFileUntrusted):
        artifact.load(path, artifact.save(Pipeline([("model", model)]), path))


def test_an_object_that_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    sha256 = artifact.save(StandardScaler().fit([[1.0], [2.0]]), path)
    with pytest.raises(ModelFileUntrusted, match="does not contain a pipeline"):
        artifact.load(path, sha256)


def test_a_file_that_is_no_archive_is_refused_though_its_hash_is_right(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(ModelFileUntrusted, match="not a readable model"):
        artifact.load(path, empty)
