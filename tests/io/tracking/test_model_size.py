"""A model that needs more memory than there is is refused by name, before it is unpacked."""

import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldrun.errors import ModelFileError
from goldrun.io.engines.memory import machine_memory
from goldrun.io.tracking.model_size import check_size
from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Tracker
from tests.attacks.forged_model import ENDLESS, claim_numbers, hold_zeros, replace_first_array
from tests.io.tracking.stored_models import Stored, store


@pytest.fixture(scope="module")
def logistic(own_store: Tracker) -> Stored:
    return store(own_store, "shop-large")


@pytest.fixture
def stored(logistic: Stored, tmp_path: Path) -> Iterator[Stored]:
    with logistic.restored(tmp_path / "backup"):
        yield logistic


@pytest.fixture
def zeros(tmp_path: Path) -> Path:
    """A file of a few kilobytes that unpacks to 1 MiB."""
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", bytes(1 << 20))
    assert file.stat().st_size < 10_000
    return file


def test_a_model_needs_twice_what_it_unpacks_to(zeros: Path) -> None:
    check_size("model", zeros, memory=2 << 20)
    with pytest.raises(ModelFileError, match=r"model\.skops unpacks to 0\.0 GiB"):
        check_size("model", zeros, memory=(2 << 20) - 1)


def test_the_memory_is_that_of_the_machine(zeros: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_size("model", zeros)
    monkeypatch.setattr("goldrun.io.tracking.model_size.machine_memory", lambda: 1 << 20)
    with pytest.raises(ModelFileError, match="use a machine or a container with more memory"):
        check_size("model", zeros)


def test_a_limit_of_the_process_counts(zeros: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 20, resource.RLIM_INFINITY))
    with pytest.raises(ModelFileError, match="use a machine or a container with more memory"):
        check_size("model", zeros)


def test_a_model_that_unpacks_to_more_than_there_is_is_not_loaded(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_first_array(stored.folder / "model.skops", hold_zeros(1 << 24))
    stored.record_again()
    monkeypatch.setattr("goldrun.io.tracking.model_size.machine_memory", lambda: 1 << 24)
    with pytest.raises(ModelFileError, match=r"unpacks to 0\.0 GiB.*nothing of it was loaded"):
        load_champion(stored.champion)


def test_a_model_that_says_to_be_small_and_asks_for_more_than_there_is_is_refused(
    stored: Stored,
) -> None:
    assert machine_memory() < ENDLESS
    replace_first_array(stored.folder / "model.skops", claim_numbers(ENDLESS))
    stored.record_again()
    with pytest.raises(ModelFileError, match=r"needs more memory than there is \(Unable to alloc"):
        load_champion(stored.champion)
