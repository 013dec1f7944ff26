"""Evidence is stored complete and valid, and read only so."""

import json
import math
from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest

from goldrun.contracts.verdict import Verdict
from goldrun.registry.evidence import Evidence, hash_of, schema
from tests.registry.evidences import EVIDENCE

TEXT = EVIDENCE.to_json()


def changed(**values: Any) -> str:
    """Return the stored text with other values, as an editor of the file would leave it."""
    return json.dumps({**json.loads(TEXT), **values})


def test_every_part_of_the_evidence_is_stored() -> None:
    read = json.loads(TEXT)
    assert list(read) == sorted(f.name for f in fields(Evidence))
    assert read["table_versions"]["gold/customer_features"] == 0
    assert read["quality"] == read["drift"] == "pass"


def test_evidence_is_read_as_it_was_written_and_has_the_same_text_again() -> None:
    assert Evidence.from_json(TEXT) == EVIDENCE
    assert hash_of(Evidence.from_json(TEXT).to_json()) == hash_of(TEXT)
    numbers = replace(EVIDENCE, metrics={"rows": 3}, settings={"C": 1, "features": ("a",)})
    assert Evidence.from_json(numbers.to_json()).to_json() == numbers.to_json()


def test_a_metric_that_is_not_finite_is_null() -> None:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    text = replace(EVIDENCE, metrics={"auc": math.nan, "brier": math.inf}).to_json()
    assert json.loads(text, parse_constant=refuse)["metrics"] == {"auc": None, "brier": None}


INVALID: list[dict[str, Any]] = [
    {"version": 0},
    {"model": ""},
    {"run_id": ""},
    {"quality": "fine"},
    {"quality": None},
    {"checksum": "ef"},
    {"content_hash": "AB" * 32},
    {"table_versions": {"gold/customer_features": -1}},
    {"table_versions": {"gold/customer_features": None}},
    {"metrics": {"auc": "0.9"}},
    {"metrics": {"auc": True}},
    {"version": "4"},
    {"as_of": "yesterday"},
    {"note": "an unknown key"},
]


@pytest.mark.parametrize("values", INVALID, ids=str)
def test_a_value_that_the_schema_does_not_allow_is_refused_by_its_name(
    values: dict[str, Any],
) -> None:
    (name,) = values
    with pytest.raises(ValueError, match=name):
        Evidence.from_json(changed(**values))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(changed(**values)), json.loads(schema()))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_refused(constant: str) -> None:
    with pytest.raises(ValueError, match="auc"):
        Evidence.from_json(TEXT.replace("0.74", constant))


@pytest.mark.parametrize("name", [f.name for f in fields(Evidence)])
def test_evidence_without_one_of_its_parts_is_refused(name: str) -> None:
    read = json.loads(TEXT)
    del read[name]
    with pytest.raises(ValueError, match=name):
        Evidence.from_json(json.dumps(read))


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="the text"):
        Evidence.from_json("{")


def test_evidence_of_an_unregistered_model_is_not_stored() -> None:
    with pytest.raises(ValueError, match="version"):
        replace(EVIDENCE, version=0).to_json()


def test_stored_evidence_fits_the_published_schema() -> None:
    published = jsonschema.Draft202012Validator(json.loads(schema()))
    assert list(published.iter_errors(json.loads(TEXT))) == []
    assert list(published.iter_errors({"model": "shop-churn"}))


def test_verdicts_are_the_three_of_the_glossary() -> None:
    for verdict in Verdict:
        assert Evidence.from_json(changed(drift=verdict.value)).drift is verdict
