"""The options and errors of every script, before it starts Spark."""

from datetime import date
from pathlib import Path

import pytest

from goldrun.errors import ChangesLostError, GoldrunError, MissingArtifactError, SettingsError
from goldrun.io.sources.json_documents import CutOffError
from goldrun.jobs import names
from pipelines._command import run_script
from pipelines._options import add_as_of, parser


def as_of(*arguments: str) -> date | None:
    options = parser("A step.")
    add_as_of(options, "The date.")
    given = options.parse_args(arguments).as_of
    assert given is None or isinstance(given, date)
    return given


@pytest.mark.parametrize("nothing", [[], ["--as-of", ""], ["--as-of", "auto"]])
def test_an_empty_date_and_auto_mean_the_default_of_the_step(nothing: list[str]) -> None:
    assert as_of(*nothing) is None


def test_a_date_is_parsed() -> None:
    assert as_of("--as-of", "2011-09-10") == date(2011, 9, 10)


@pytest.mark.parametrize("text", ["10.09.2011", "2011-02-30", "tomorrow"])
def test_an_invalid_date_is_refused_with_the_format(text: str) -> None:
    with pytest.raises(SettingsError, match="write it as 2011-09-10, or auto"):
        as_of("--as-of", text)


def test_an_error_is_printed_in_one_line_and_sets_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(*_: object) -> None:
        pytest.fail("worked without a source")

    monkeypatch.setattr("sys.argv", ["step", "--source", "online_retial"])
    assert run_script(parser("A step."), work, "step") == SettingsError.exit_code == 2
    printed = capsys.readouterr().err.strip()
    assert printed.startswith("error: source 'online_retial'")
    assert "did you mean 'online_retail'?" in printed
    assert "\n" not in printed


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unknown_error_is_printed_in_one_line_and_its_trace_is_in_a_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    debug: str,
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("no such thing\n\tat org.apache.Some.java(1)")

    def parse_args() -> None:
        broken()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOLDRUN_DEBUG", debug)
    options = parser("A step.")
    monkeypatch.setattr(options, "parse_args", parse_args)
    assert run_script(options, lambda *_: None, "step") == 1
    printed = capsys.readouterr().err
    assert "does not know: ZeroDivisionError: no such thing; the full trace is in" in printed
    assert ("Traceback" in printed) == bool(debug)
    assert ("org.apache" in printed) == bool(debug)
    (file,) = (tmp_path / "logs").iterdir()
    assert str(file) in printed
    assert "in broken" in file.read_text()


def _subclasses(kind: type[GoldrunError]) -> list[type[GoldrunError]]:
    return [kind, *[deeper for one in kind.__subclasses__() for deeper in _subclasses(one)]]


def test_every_kind_of_error_has_its_own_exit_code() -> None:
    kinds = _subclasses(GoldrunError)
    codes = [kind.exit_code for kind in kinds if "exit_code" in vars(kind)]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes
    # Those that the code handles; where it does not, their parents say the same.
    without = {kind for kind in kinds if "exit_code" not in vars(kind)}
    assert without == {ChangesLostError, CutOffError, MissingArtifactError}


def test_the_common_options_of_scripts_have_defaults() -> None:
    given = parser("A step.").parse_args([])
    assert (given.source, given.lake) == ("online_retail", "")
    assert names.PIPELINE_EXPERIMENT == "goldrun-pipeline"
