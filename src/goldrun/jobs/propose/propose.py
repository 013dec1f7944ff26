"""Propose the settings of a source from its files, and write them as a TOML file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from goldrun.errors import SettingsError, SourceError, listed
from goldrun.io.settings import load_source, project_root
from goldrun.jobs.names import RUN_COMMAND
from goldrun.jobs.propose.files import Files, path_of, read_groups
from goldrun.medallion.proposal.entities import JOIN, Group, Recognised, recognise
from goldrun.medallion.proposal.source_text import QUESTION, Place, Proposal, text_of, toml
from goldrun.medallion.source_columns import check_mapping

_TRANSACTIONS = "transactions"
_USUAL_REJECT_SHARE = 0.04
"""Share of rows without a customer above which the limit of rejected rows is proposed."""


@dataclass(frozen=True)
class Written:
    """A proposal that was written.

    Attributes:
        file: The TOML file.
        text: Its text.
        proposal: What it proposes.
    """

    file: Path
    text: str
    proposal: Proposal


def propose(path: str, name: str = "", folder: Path | None = None) -> Written:
    """Look at files, and write a TOML file with the settings that read them.

    Args:
        path: A file, a folder or a glob.
        name: Name of the source; made from the path if it is empty.
        folder: Folder of the TOML file; ``pipelines/sources`` if None.

    Raises:
        SettingsError: The TOML file exists, or the path gives no name.
        SourceError: There is no file of a known form, or none has transactions.
    """
    place = folder or project_root() / "pipelines" / "sources"
    name = name or _name_of(path)
    file = place / f"{name}.toml"
    if file.exists():
        raise SettingsError(f"{file} exists: remove it, or give another name with name=")
    proposal = _proposal(path, name)
    text = text_of(proposal, _to_project(place), f"{RUN_COMMAND} -e check -P source={name}")
    _write(file, text)
    return Written(file, text, proposal)


def lines_of(written: Written) -> Iterator[str]:
    """Yield what was recognised, the questions, and the next command."""
    proposal = written.proposal
    yield f"{written.file}: {', '.join(proposal.sections)}"
    for entity, (place, _) in proposal.sections.items():
        yield f"  {entity}: {place.files}"
    yield from (f"  left out: {each}" for each in proposal.left_out)
    asked = [line for line in written.text.splitlines() if line.startswith(QUESTION)]
    yield f"Questions, which are in the file too: {len(asked)}"
    yield from (f"  {line.removeprefix('# ')}" for line in asked)
    yield f"Next: {RUN_COMMAND} -e check -P source={proposal.name}"


def _to_project(place: Path) -> str:
    """Return the path from a folder to the project's folder, with a slash at its end."""
    folder, root = place.resolve(), project_root()
    if folder.is_relative_to(root):
        return "../" * len(folder.relative_to(root).parts)
    return f"{root.as_posix()}/"


def _name_of(path: str) -> str:
    stem = Path(path.rstrip("/*")).name.split(".")[0]
    name = re.sub(r"[^0-9A-Za-z]+", "_", stem).strip("_").lower()
    if not name:
        raise SettingsError(f"{path} gives no name of a source: give one with name=")
    return name


def _write(file: Path, text: str) -> None:
    """Write the file, and remove it if it can't be loaded."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    try:
        check_mapping(load_source(str(file)))
    except SettingsError:
        file.unlink()
        raise


def _proposal(path: str, name: str) -> Proposal:
    found, left_out = read_groups(path)
    recognised = recognise([each.group for each in found])
    if _TRANSACTIONS not in recognised:
        named = "; ".join(f"{each.group.name}: {', '.join(each.group.columns)}" for each in found)
        raise SourceError(
            f"{path}: no file has what was sold, with a customer, a time and money ({named}): give "
            "the path of the file of orders, or rename its columns"
        )
    sections = {entity: (_place(each, found), each.section) for entity, each in recognised.items()}
    used = [group for each in recognised.values() for group in each.groups]
    left_out += [
        f"{listed(each.files, 3)}: no entity is recognised in its columns"
        for each in found
        if each.group not in used
    ]
    return Proposal(name, *_head(recognised), sections, left_out)


def _head(
    recognised: Mapping[str, Recognised],
) -> tuple[dict[str, tuple[object, str]], dict[str, str]]:
    """Return the keys at the top with their comments, and the questions about them."""
    head: dict[str, tuple[object, str]] = {}
    questions = {"timezone": 'Whose days count? timezone = "Europe/Berlin"; those of UTC without.'}
    if not all(each.section.zoned for each in recognised.values()):
        head["timezone"] = ("UTC", "of the days, and of times that have no zone")
        questions["timezone"] = "In which time zone are the times? Such as Europe/Berlin."
    share = recognised[_TRANSACTIONS].section.without_customer
    if share > _USUAL_REJECT_SHARE:
        head["max_reject_share"] = (min(1.0, round(share + 0.02, 2)), "quality fails above it")
        questions["max_reject_share"] = (
            f"{share:.1%} of the rows have no customer and will be rejected. Is that so in the "
            "shop, or is another column the customer?"
        )
    codes = recognised[_TRANSACTIONS].section.currencies
    if len(codes) == 1:
        head["currency"] = (codes[0], "the only one in the files")
    elif codes:
        questions["currency"] = (
            f"The money is in {', '.join(codes)}: set currency to that of the reports, and rates "
            "to the file of exchange rates."
        )
    else:
        questions["currency"] = 'In which currency is the money? currency = "EUR"'
    return head, questions


def _place(each: Recognised, found: Sequence[Files]) -> Place:
    files = _files_of(each.group, found)
    keys, questions = _keys(files, found)
    tables: dict[str, dict[str, object]] = {}
    if each.filled[1]:
        tables["fill_down"] = {"by": each.filled[0], "columns": list(each.filled[1])}
    if each.joined is not None:
        theirs, asked = _keys(_files_of(each.joined, found), found)
        one, other = each.on
        tables[f"join.{JOIN}"] = {**theirs, "on": one if one == other else {one: other}}
        questions += asked
    rows = f"{len(each.group.texts):,} rows"
    about = f"{each.group.name}, {rows if files.whole else f'of which {rows} were read'}"
    return Place(keys, tables, about, questions)


def _files_of(group: Group, found: Sequence[Files]) -> Files:
    return next(each for each in found if each.group is group)


def _keys(files: Files, found: Sequence[Files]) -> tuple[dict[str, object], list[str]]:
    """Return the keys that read some files, and the questions about them."""
    others = [file for each in found if each is not files for file in each.files]
    path = path_of(files.files, others)
    questions = []
    if path is None:
        path = str(files.files[0])
        questions.append(
            f"Only one file of {len(files.files)} is read: move them into a folder of their own, "
            "and give its path."
        )
    table = files.tables[0]
    if table.guessed:
        questions.append(f"Is {toml(table.keys['encoding'])} the encoding? Look at names.")
    return {"path": path, **table.keys}, questions
