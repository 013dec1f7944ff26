"""The command simulate: the files, the summary and the errors of options."""

import json
from pathlib import Path

import pytest

from pipelines.simulate import main

SMALL = ["--customers=40", "--days=30"]


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main([*SMALL, *arguments])
    return code, capsys.readouterr().err


def test_the_command_writes_the_layout_and_prints_the_next_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shop"
    code, output = _run(capsys, f"--out={out}", "--dirt=all")
    assert code == 0
    assert "transactions" in output
    assert "--experiment-name goldrun-pipeline -P source=marketplace" in output
    endings = {"customers": ".csv", "transactions": ".csv.gz", "sessions": ".csv"}
    endings |= {"events": ".json.gz", "interactions": ".json"}
    for entity, ending in endings.items():
        names = [p.name for p in (out / entity).iterdir()]
        assert names
        assert all(n.startswith("part-") and n[10:] == ending for n in names)
    truth = {p.name for p in (out / "truth").iterdir()}
    histories = {"customers_history", "transactions_history"}
    assert truth == {*endings, *histories, "ledger", "people", "parameters.json"}
    first, *rates = (out / "rates.csv").read_text().splitlines()
    assert first == "currency,valid_from,rate"
    assert {line.split(",")[0] for line in rates} == {"GBP", "USD"}
    parameters = json.loads((out / "truth" / "parameters.json").read_text())
    assert parameters["customers"] == 40
    assert parameters["process"]["purchase_shape"] > 0


def test_a_folder_with_files_is_refused_without_overwrite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shop"
    assert _run(capsys, f"--out={out}", "--dirt=all")[0] == 0
    code, output = _run(capsys, f"--out={out}")
    assert code == 2
    assert "--overwrite=true" in output
    before = {p for p in out.rglob("*") if p.is_file()}
    assert _run(capsys, f"--out={out}", "--overwrite=true")[0] == 0
    # No file of the larger first simulation remains.
    assert {p for p in out.rglob("*") if p.is_file()} < before


def test_overwriting_refuses_a_folder_with_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shop"
    assert _run(capsys, f"--out={out}")[0] == 0
    (out / "customers" / "mine.csv").write_text("a\n1\n")
    code, _ = _run(capsys, f"--out={out}", "--overwrite=true")
    assert code == 2
    assert [p.name for p in out.rglob("*") if p.is_file()] == ["mine.csv"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--customers=many", "--customers"),
        ("--customers=0", "--customers"),
        ("--days=-3", "--days"),
        ("--until=yesterday", "--until"),
        ("--seed=1.5", "--seed"),
        ("--dirt=duplicates", "did you mean 'duplicate'"),
        ("--drift=devices:2025-06-01:2", "did you mean 'device'"),
    ],
)
def test_an_unusable_option_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, message: str
) -> None:
    code, output = _run(capsys, f"--out={tmp_path / 'shop'}", option)
    assert code == 2
    assert message in output
    assert not (tmp_path / "shop").exists()
