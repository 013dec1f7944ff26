"""Columns that files of an entity lack, gain or lose: which may be missing, and what is logged."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from goldrun.contracts.source import Source
from goldrun.errors import did_you_mean, listed
from goldrun.io.sources.files import check_columns
from goldrun.jobs.context import log
from goldrun.medallion.source_columns import columns_optional


def never(_: str) -> bool:
    """Return False: there is no earlier file that could have the column."""
    return False


def check_optional(
    source: Source,
    entity: str,
    headers: Mapping[str, Sequence[str]],
    earlier_have: Callable[[str], bool],
) -> None:
    """Check that some file has each column that only optional columns are made from.

    A file may lack it: its records have no value there. That is logged once for each column. A
    column that no file has is an error, because it is a misspelled name in the settings.

    Args:
        source: The shop.
        entity: Name of the entity.
        headers: Columns of each new file with a header.
        earlier_have: Whether a file that was read before has a column.

    Raises:
        SourceError: No file has a column.
    """
    for name, where in columns_optional(source, entity).items():
        lacking = [file for file, header in headers.items() if name not in header]
        if not lacking:
            continue
        names = headers[lacking[0]]
        if len(lacking) == len(headers) and not earlier_have(name):
            check_columns(lacking[0], names, {name: where}, by_header=False)
        log.warning(
            "    %s has no column %r, which %s reads: its records have no value there%s%s",
            *(lacking[0], name, where, did_you_mean(name, names)),
            f"; nor have {len(lacking) - 1} other files" if len(lacking) > 1 else "",
        )


def report_changes(headers: Mapping[str, Sequence[str]], earlier: Iterable[str]) -> None:
    """Log the columns that files have and earlier files do not have, and the other way round.

    Args:
        headers: Columns of each new file.
        earlier: Columns of a file that was read before; none if there is no such file.
    """
    before = list(earlier)
    for file, header in headers.items():
        if before and {*before} != {*header}:
            _report_change(file, before, header)
        before = list(header)


def _report_change(file: str, before: Sequence[str], now: Sequence[str]) -> None:
    added = [name for name in now if name not in before]
    gone = [f"{name}{_renamed(name, added)}" for name in before if name not in now]
    changes = (("it also has", added), ("it does not have", gone))
    found = [f"{verb} {listed(names)}" for verb, names in changes if names]
    log.info("    %s has other columns than the file before it: %s", file, ", and ".join(found))


def _renamed(name: str, added: Sequence[str]) -> str:
    near = did_you_mean(name, added)
    return near.replace("did you mean", "is it now")
