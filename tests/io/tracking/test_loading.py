"""A champion whose files, record or predictions are not those of its registration is refused."""

import io
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from skops import io as skops_io

from goldrun.contracts.file_checksums import CHECKSUM_TAG, total
from goldrun.errors import ContractError, ModelFileError, TrackingError
from goldrun.io.tracking.checksums import checksums_of
from goldrun.io.tracking.models import load_champion, register_model
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.io.tracking.trusted_types import TRUSTED_TYPES
from tests.io.tracking.stored_models import MODELS, TEXT, Stored, customers, fitted, labels, store


@pytest.fixture(scope="module")
def logistic(own_store: Tracker) -> Stored:
    return store(own_store, "shop-churn")


@pytest.fixture(scope="module")
def forest(own_store: Tracker) -> Stored:
    return store(own_store, "shop-forest", "calibrated")


@pytest.fixture
def stored(logistic: Stored, tmp_path: Path) -> Iterator[Stored]:
    with logistic.restored(tmp_path / "backup"):
        yield logistic


def refusal(stored: Stored) -> str:
    with pytest.raises(ModelFileError) as raised:
        load_champion(stored.champion)
    message = str(raised.value)
    assert f"model {stored.champion.name} version {stored.champion.version}: " in message
    assert "registry_prefix" in message
    return message


def negated() -> Any:
    model = fitted("logistic")
    model.named_steps["classify"].coef_ *= -1
    return model


class Attack:
    """Leaves a mark in the working folder when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize("kind", MODELS)
def test_what_models_are_made_of_is_loaded_and_predicts_the_same_bits(
    own_store: Tracker, kind: str
) -> None:
    model, features = load_champion(store(own_store, f"shop-{kind}", kind).champion)
    rows = customers()
    assert features == list(rows.columns)
    predict = MODELS[kind][1]
    expected = getattr(fitted(kind), predict)(rows.astype(np.float64))
    assert getattr(model, predict)(rows.astype(np.float64)).tobytes() == expected.tobytes()


def test_each_trusted_type_is_one_that_a_model_is_made_of() -> None:
    needed = [skops_io.get_untrusted_types(data=skops_io.dumps(fitted(kind))) for kind in MODELS]
    assert set().union(*needed) == TRUSTED_TYPES


def test_negated_coefficients_are_refused(stored: Stored) -> None:
    skops_io.dump(negated(), stored.folder / "model.skops")
    assert "model.skops has changed since it was registered" in refusal(stored)


def test_a_swapped_model_with_its_description_adjusted_is_refused(stored: Stored) -> None:
    stored.swap(DecisionTreeClassifier().fit(customers(), labels(customers())))
    # MLflow itself loads it, because the model's own list says so.
    uri = f"models:/{stored.champion.name}/{stored.champion.version}"
    assert isinstance(mlflow.sklearn.load_model(uri), DecisionTreeClassifier)
    assert "MLmodel has changed; model.skops has changed" in refusal(stored)


@pytest.mark.parametrize("name", ["requirements.txt", "extra_files/example.json"])
def test_a_missing_file_is_refused(stored: Stored, name: str) -> None:
    (stored.folder / name).unlink()
    assert f"{name} is missing since it was registered" in refusal(stored)


def test_an_added_file_is_refused(stored: Stored) -> None:
    (stored.folder / "code").mkdir()
    (stored.folder / "code" / "module.py").touch()
    assert "code/module.py was added since it was registered" in refusal(stored)
    stored.record_again()
    assert "code/module.py is no file that goldrun writes" in refusal(stored)


def test_an_edited_text_that_the_model_is_used_with_is_refused(stored: Stored) -> None:
    text = stored.records.parent / TEXT
    before = text.read_text()
    try:
        text.write_text(before.replace("Champions", "Lost"))
        assert "run/segments.json has changed since it was registered" in refusal(stored)
        text.unlink()
        with pytest.raises(TrackingError, match=r"segments\.json of run .* is missing"):
            load_champion(stored.champion)
    finally:
        text.write_text(before)


@pytest.mark.parametrize(
    ("read", "difference"),
    [
        (lambda text: {TEXT: text}, None),
        (lambda text: {TEXT: text + " "}, "run/segments.json has changed"),
        (lambda text: {TEXT: text, "more.json": text}, "run/more.json was added"),
    ],
)
def test_the_text_that_is_used_is_the_one_that_is_compared(
    stored: Stored, read: Callable[[str], dict[str, str]], difference: str | None
) -> None:
    texts = read((stored.records.parent / TEXT).read_text())
    with pytest.raises(ModelFileError, match=difference) if difference else nullcontext():
        load_champion(stored.champion, texts)


def test_mlflow_may_be_told_to_load_no_model(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag forbids MLflow's own loaders, which goldrun does not use."""
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(MlflowException, match="disallowed"):
        mlflow.sklearn.load_model(f"models:/{stored.champion.name}/{stored.champion.version}")
    load_champion(stored.champion)


def test_a_download_by_mlflow_changes_nothing(stored: Stored) -> None:
    mlflow.pyfunc.load_model(f"models:/{stored.champion.name}/{stored.champion.version}")
    assert (stored.folder / "registered_model_meta").exists()
    load_champion(stored.champion)


def test_a_model_that_predicts_something_else_is_refused(stored: Stored) -> None:
    skops_io.dump(negated(), stored.folder / "model.skops")
    stored.record_again()
    message = refusal(stored)
    assert "it no longer predicts what extra_files/example.json says it did" in message
    assert "scikit-learn==" in message


def test_predictions_may_differ_by_rounding_only(stored: Stored) -> None:
    for by, accepted in [(1e-11, True), (1e-8, False)]:
        model = fitted("logistic")
        model.named_steps["classify"].intercept_ += by
        skops_io.dump(model, stored.folder / "model.skops")
        stored.record_again()
        if accepted:
            load_champion(stored.champion)
        else:
            assert "no longer predicts" in refusal(stored)


@pytest.mark.parametrize("name", ["model.pkl", "extra_files/x.joblib", "input_example.json"])
def test_a_pickle_is_refused_by_name_and_not_loaded(
    stored: Stored, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (stored.folder / name).write_bytes(pickle.dumps(Attack()))
    stored.record_again()
    assert f"{name} is a pickle" in refusal(stored)
    assert not Path("unpickled").exists()


def test_a_pickle_in_the_place_of_the_pipeline_is_not_loaded(
    stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protocol 0 is text, so that its start does not show it."""
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    pickle.Pickler(buffer, protocol=0).dump(Attack())
    (stored.folder / "model.skops").write_bytes(buffer.getvalue())
    stored.record_again()
    assert "model.skops can't be read" in refusal(stored)
    assert not Path("unpickled").exists()


@pytest.mark.parametrize(
    ("flavour", "key", "value"),
    [
        ("sklearn", "serialization_format", "cloudpickle"),
        ("sklearn", "pickled_model", "requirements.txt"),
        ("sklearn", "code", "code"),
        ("python_function", "loader_module", "mlflow.pyfunc.model"),
        ("python_function", "model_path", "../other/model.skops"),
    ],
)
def test_a_description_that_asks_for_another_loader_is_refused(
    stored: Stored, flavour: str, key: str, value: str
) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["flavors"][flavour][key] = value

    stored.edit_description(edit)
    stored.record_again()
    assert f"in MLmodel, {flavour}.{key} is {value!r}" in refusal(stored)


def test_an_added_flavour_is_refused(stored: Stored) -> None:
    stored.edit_description(lambda content: content["flavors"].update({"onnx": {}}))
    stored.record_again()
    assert "MLmodel has flavours that goldrun does not write: ['onnx']" in refusal(stored)


def test_a_type_that_the_model_itself_trusts_is_refused(stored: Stored) -> None:
    stored.swap(DecisionTreeClassifier().fit(customers(), labels(customers())))
    stored.record_again()
    message = refusal(stored)
    assert "MLmodel asks to trust types that goldrun does not: ['sklearn.tree._tree.Tree']" in (
        message
    )


def test_a_type_in_the_file_that_is_not_trusted_is_refused(stored: Stored) -> None:
    tree = DecisionTreeClassifier().fit(customers(), labels(customers()))
    skops_io.dump(tree, stored.folder / "model.skops")
    stored.record_again()
    message = refusal(stored)
    assert "model.skops holds types that are not trusted: ['sklearn.tree._tree.Tree']" in message


@pytest.mark.parametrize(
    ("column", "value"), [("left", 10**6), ("right", 0), ("feature_idx", 4), ("is_categorical", 1)]
)
def test_a_tree_that_points_outside_its_nodes_is_refused(
    forest: Stored, column: str, value: int
) -> None:
    model = fitted("calibrated")
    trees = model.calibrated_classifiers_[1].estimator.named_steps["classify"]
    trees._predictors[2][0].nodes[column][0] = value
    skops_io.dump(model, forest.folder / "model.skops")
    forest.record_again()
    assert "tree 2 points outside its nodes or features" in refusal(forest)


def test_a_description_that_is_no_yaml_is_refused(stored: Stored) -> None:
    (stored.folder / "MLmodel").write_text("flavors: [")
    stored.record_again()
    assert "MLmodel can't be read" in refusal(stored)


def test_a_removed_tag_is_refused(stored: Stored) -> None:
    stored.remove_tag()
    assert "its tag goldrun.model_checksum was removed" in refusal(stored)


def test_a_removed_record_of_the_run_is_refused(stored: Stored) -> None:
    shutil.rmtree(stored.records)
    assert "its tag goldrun.model_checksum and its run disagree" in refusal(stored)


def test_an_edited_record_of_the_run_is_refused(stored: Stored) -> None:
    skops_io.dump(negated(), stored.folder / "model.skops")
    (record,) = stored.records.iterdir()
    adjusted = json.loads(record.read_text()) | checksums_of(stored.folder)
    for content in ("{}", "no json", json.dumps(adjusted)):
        record.write_text(content)
        assert f"model_checksums/{record.name} of run" in refusal(stored)


def test_a_version_from_before_checksums_is_loaded_with_a_warning(
    stored: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    load_champion(stored.champion)
    assert "checksums" not in caplog.text
    stored.forget()
    load_champion(stored.champion)
    assert "whether they have changed since is unknown" in caplog.text


def test_a_later_version_without_a_record_is_refused(own_store: Tracker) -> None:
    store(own_store, "shop-twice")
    later = store(own_store, "shop-twice")
    later.forget()
    assert "its tag goldrun.model_checksum was removed" in refusal(later)


def test_a_version_without_a_record_must_still_have_safe_files(stored: Stored) -> None:
    stored.forget()
    (stored.folder / "model.pkl").write_bytes(pickle.dumps(1))
    assert "model.pkl is a pickle" in refusal(stored)


def second_version(first: Stored) -> Champion:
    """Register another model in the run of a first one, and make it champion."""
    other = first.champion.name + "-other"
    mlflow.start_run(run_id=first.champion.run_id)
    try:
        example = customers(20).astype(np.float64)
        version = register_model(
            first.tracker, fitted("trees"), other, example, predict="predict_proba"
        ).version
    finally:
        mlflow.end_run()
    first.tracker.promote(other, version)
    champion = first.tracker.champion(other)
    assert champion is not None
    return champion


def predicted(champion: Champion) -> bytes:
    model, features = load_champion(champion)
    return bytes(model.predict_proba(customers()[features].astype(np.float64)).tobytes())


def recorded_in(folder: Path) -> dict[str, dict[str, str]]:
    return {file.stem: json.loads(file.read_text()) for file in folder.iterdir()}


def test_a_second_version_of_a_run_leaves_the_first_as_it_is(stored: Stored) -> None:
    before, bits, files = stored.champion, predicted(stored.champion), checksums_of(stored.folder)
    records = recorded_in(stored.records)
    second = second_version(stored)
    stored.refresh()
    assert stored.champion == before
    assert stored.champion.tags == before.tags
    assert checksums_of(stored.folder) == files
    assert predicted(stored.champion) == bits
    now = recorded_in(stored.records)
    assert now.pop(second.tags[CHECKSUM_TAG]).keys() == files.keys()
    assert now == records
    assert now.keys() == {before.tags[CHECKSUM_TAG]}


def test_a_second_version_of_a_run_is_loaded_with_its_own_record(stored: Stored) -> None:
    second = second_version(stored)
    assert second.run_id == stored.champion.run_id
    expected = fitted("trees").predict_proba(customers().astype(np.float64))
    assert predicted(second) == expected.tobytes()
    found = recorded_in(stored.records)[second.tags[CHECKSUM_TAG]]
    assert total(found) == second.tags[CHECKSUM_TAG]
    assert found != recorded_in(stored.records)[stored.champion.tags[CHECKSUM_TAG]]


def test_a_model_of_another_type_is_not_registered(own_store: Tracker) -> None:
    tree = DecisionTreeClassifier().fit(customers(), labels(customers()))
    with (
        own_store.run("train", "goldrun-churn"),
        pytest.raises(ContractError, match=r"_tree\.Tree"),
    ):
        register_model(own_store, tree, "shop-tree", customers(5), predict="predict")
    assert own_store.champion("shop-tree") is None
    assert own_store.client.search_registered_models("name='shop-tree'") == []


def test_a_model_that_predicts_no_numbers_is_not_registered(own_store: Tracker) -> None:
    model = GaussianNB().fit(customers(), labels(customers()))
    model.var_[:] = np.nan
    with own_store.run("train", "goldrun-churn"), pytest.raises(ContractError, match="NaN"):
        register_model(own_store, model, "shop-nan", customers(5), predict="predict_proba")
    assert own_store.client.search_registered_models("name='shop-nan'") == []
