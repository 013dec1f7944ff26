"""What every script does with its options, before it needs Spark."""

from datetime import date
from pathlib import Path

import pytest

from goldrun.errors import GoldrunError, SettingsError
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
def test_no_date_and_auto_both_leave_it_to_the_step(nothing: list[str]) -> None:
    assert as_of(*nothing) is None


def test_a_date_is_read_as_one() -> None:
    assert as_of("--as-of", "2011-09-10") == date(2011, 9, 10)


@pytest.mark.parametrize("text", ["10.09.2011", "2011-02-30", "tomorrow"])
def test_what_is_no_date_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(SettingsError, match="write it as 2011-09-10, or auto"):
        as_of("--as-of", text)


def test_an_error_is_told_in_one_line_and_gives_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(*_: object) -> None:
        pytest.fail("worked without a source")

    monkeypatch.setattr("sys.argv", ["step", "--source", "online_retial"])
    assert run_script(parser("A step."), work, "step") == SettingsError.exit_code == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("error: source 'online_retial'")
    assert "did you mean 'online_retail'?" in told
    assert "\n" not in told


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unknown_error_is_told_in_one_line_and_its_trace_is_in_a_file(
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
    told = capsys.readouterr().err
    assert "does not know: ZeroDivisionError: no such thing; the full trace is in" in told
    assert ("Traceback" in told) == bool(debug)
    assert ("org.apache" in told) == bool(debug)
    (file,) = (tmp_path / "logs").iterdir()
    assert str(file) in told
    assert "in broken" in file.read_text()


def _subclasses(kind: type[GoldrunError]) -> list[type[GoldrunError]]:
    return [kind, *[deeper for one in kind.__subclasses__() for deeper in _subclasses(one)]]


def test_every_kind_of_error_has_its_own_exit_code() -> None:
    codes = [kind.exit_code for kind in _subclasses(GoldrunError)]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes


def test_the_options_that_every_script_takes_have_defaults() -> None:
    given = parser("A step.").parse_args([])
    assert (given.source, given.lake) == ("online_retail", "")
    assert names.PIPELINE_EXPERIMENT == "goldrun-pipeline"
