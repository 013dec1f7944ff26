"""Attacks on evidence, runs and model files."""

import shutil
from functools import partial

from tests.attacks.attack import CHALLENGER, CHAMPION, Attack, Place
from tests.attacks.shop import NAME

_BETTER = {"auc": 0.949, "recency.auc": 0.6}


def _log_auc(auc: float, place: Place) -> None:
    """Edit the AUC in the evidence, in the hash of its tag and in the run."""
    place.client.log_metric(place.run_of(CHALLENGER), "auc", auc)
    place.edit_evidence(CHALLENGER, tagged=True, metrics={"auc": auc})


def _swap_evidence(place: Place) -> None:
    shutil.copy(
        place.artifacts(CHAMPION) / "evidence.json", place.artifacts(CHALLENGER) / "evidence.json"
    )


def _foreign_quality(place: Place) -> None:
    champion = place.client.get_run(place.run_of(CHAMPION)).data.tags["goldrun.quality_run_id"]
    place.edit_evidence(CHALLENGER, tagged=True, quality_run_id=champion)


def _run_tagged(key: str, place: Place) -> str:
    return place.client.get_run(place.run_of(CHALLENGER)).data.tags[key]


def _delete_run(key: str, place: Place) -> None:
    place.client.delete_run(_run_tagged(key, place))


def _copy(place: Place) -> None:
    place.client.copy_model_version(f"models:/{NAME}/{CHALLENGER}", NAME)


def _change_model(version: int, place: Place) -> None:
    file = place.model_files(version) / "model.skops"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def _other_types(place: Place) -> None:
    file = place.model_files(CHALLENGER) / "MLmodel"
    file.write_text(
        file.read_text().replace("skops_trusted_types:", "skops_trusted_types:\n    - os.system")
    )


ATTACKS = (
    Attack(
        "evidence edited: a better AUC",
        lambda p: p.edit_evidence(CHALLENGER, metrics=_BETTER),
        "evidence.json of run .* has changed since it was written",
    ),
    Attack(
        "evidence edited, its hash in the tag too",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, metrics=_BETTER),
        "the training run has another auc",
    ),
    Attack(
        "evidence, tag and metric of the run edited",
        partial(_log_auc, 0.949),
        "when it is measured again on the same rows",
    ),
    Attack("evidence of the champion in its place", _swap_evidence, "has changed since"),
    Attack(
        "evidence deleted",
        lambda p: (p.artifacts(CHALLENGER) / "evidence.json").unlink(),
        "has no evidence",
    ),
    Attack(
        "a string for a number",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, metrics={"auc": "0.99"}),
        "evidence.json is not valid: metrics.auc",
    ),
    Attack(
        "NaN for a number",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, metrics={"auc": float("nan")}),
        "evidence.json is not valid: metrics.auc",
    ),
    Attack(
        "an infinite number",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, metrics={"auc": float("inf")}),
        "evidence.json is not valid: metrics.auc",
    ),
    Attack(
        "a number of minus infinity",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, metrics={"auc": float("-inf")}),
        "evidence.json is not valid: metrics.auc",
    ),
    Attack("an AUC of 1.5, in the run too", partial(_log_auc, 1.5), "auc is 1.5|auc 1.5"),
    Attack(
        "a metric of negative zero",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, metrics={"auc": -0.0}),
        "the training run has another auc",
    ),
    Attack(
        "verdict of quality edited",
        lambda p: p.client.set_tag(
            _run_tagged("goldrun.quality_run_id", p), "goldrun.verdict", "fail"
        ),
        "the run of data quality has the verdict fail",
    ),
    Attack(
        "verdict unknown",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, quality="unknown"),
        "has the verdict pass, not unknown",
    ),
    Attack(
        "run of data quality deleted",
        partial(_delete_run, "goldrun.quality_run_id"),
        "the run of data quality .* was deleted",
    ),
    Attack(
        "run of feature drift deleted",
        partial(_delete_run, "goldrun.drift_run_id"),
        "the run of feature drift .* was deleted",
    ),
    Attack(
        "training run deleted",
        lambda p: p.client.delete_run(p.run_of(CHALLENGER)),
        "its training run .* was deleted",
    ),
    Attack(
        "a run of data quality that does not exist",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, quality_run_id="0" * 32),
        f"the run of data quality {'0' * 32} was deleted",
    ),
    Attack("quality of another training", _foreign_quality, "is not of its training run"),
    Attack(
        "quality of another day",
        lambda p: p.edit_evidence(
            CHALLENGER, tagged=True, quality_versions={"silver/transactions": 0}
        ),
        "data quality was measured on version 0 of silver/transactions",
    ),
    Attack(
        "table version 0 in the evidence",
        lambda p: p.edit_evidence(
            CHALLENGER, tagged=True, table_versions={"silver/transactions": 0}
        ),
        "and trained on version 0",
    ),
    Attack(
        "a table version that does not exist",
        lambda p: p.edit_evidence(
            CHALLENGER, tagged=True, table_versions={"silver/transactions": 999}
        ),
        "and trained on version 999",
    ),
    Attack(
        "another test set",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, test_hash="00" * 32),
        "are not those that it was measured on",
    ),
    Attack(
        "a test set that trained the model",
        lambda p: p.edit_evidence(CHALLENGER, tagged=True, last_label_day="2025-06-01"),
        "training labels reach to 2025-06-01, after the test date",
    ),
    Attack(
        "the version copied, with all its tags",
        _copy,
        "version 2, not of shop-churn version 3",
        ("promote", "--source=shop", "--version=3"),
    ),
    Attack(
        "model file of the challenger changed",
        partial(_change_model, CHALLENGER),
        "model.skops has changed",
    ),
    Attack(
        "model file of the champion changed",
        partial(_change_model, CHAMPION),
        "can't be compared with the champion.*model.skops has changed",
    ),
    Attack(
        "model files of the champion deleted",
        lambda p: shutil.rmtree(p.model_files(CHAMPION)),
        "version 1",
    ),
    Attack(
        "a pickle beside the model",
        lambda p: (p.model_files(CHALLENGER) / "model.pkl").write_bytes(b"\x80\x04."),
        "model.pkl was added|is a pickle",
    ),
    Attack("a type outside the allowlist", _other_types, "MLmodel has changed|not trust"),
    Attack(
        "checksum of the version edited",
        lambda p: p.tag(CHALLENGER, "goldrun.model_checksum", "00" * 32),
        "the evidence is of other model files",
    ),
)
