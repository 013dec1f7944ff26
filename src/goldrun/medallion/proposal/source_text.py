"""Write proposed settings as the text of a TOML file, with questions as comments."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source_schema import DIRECTIVE
from goldrun.medallion.proposal.section import Mapped, Section

QUESTION = "# ? "
"""Beginning of a line with a question."""
_COMMENT_AT = 60


@dataclass(frozen=True)
class Place:
    """Where the files of an entity are, and how they are written.

    Attributes:
        keys: Keys of the section before its columns, such as path, format and delimiter.
        tables: Tables of the section, such as a join, by name.
        files: What is known about the files, for a comment.
        questions: What the user has to decide about the files.
    """

    keys: Mapping[str, object]
    tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    files: str = ""
    questions: Sequence[str] = ()


@dataclass(frozen=True)
class Proposal:
    """The proposed settings of a source.

    Attributes:
        name: Name of the source.
        head: Keys at the top, each with a comment.
        questions: What the user has to decide about them, by key.
        sections: Files and mapping of each entity.
        left_out: Files that no section reads, with the reason.
    """

    name: str
    head: Mapping[str, tuple[object, str]]
    questions: Mapping[str, str]
    sections: Mapping[str, tuple[Place, Section]]
    left_out: Sequence[str] = ()

    @property
    def unsure(self) -> int:
        """Number of questions."""
        asked = len(self.questions)
        for place, section in self.sections.values():
            asked += len(place.questions) + len(section.questions)
            asked += sum(bool(each.question) for each in section.columns.values())
        return asked


def text_of(proposal: Proposal, schema_path: str, next_command: str) -> str:
    """Return the text of the TOML file.

    Args:
        proposal: The settings.
        schema_path: Path from the file's folder to the project's folder, with a slash at its end.
        next_command: Command that checks the settings.
    """
    lines = [
        DIRECTIVE.format(path=schema_path),
        f"# Proposed from the files; questions begin with {QUESTION.strip()!r}: {proposal.unsure}.",
        "# Every key: docs/how-to/own-data.md; expressions: docs/reference/mapping-language.md",
        f"# Next: {next_command}",
        "",
    ]
    for key, (value, comment) in proposal.head.items():
        lines += [_comment(QUESTION, proposal.questions[key])] if key in proposal.questions else []
        lines.append(_commented(f"{key} = {toml(value)}", comment))
    lines += [
        _comment(QUESTION, text) for k, text in proposal.questions.items() if k not in proposal.head
    ]
    lines += [_comment("# left out: ", each) for each in proposal.left_out]
    for entity, (place, section) in proposal.sections.items():
        lines += ["", *_section(entity, place, section)]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """Return a value as TOML: text, a number, a list of texts, or an inline table."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {toml(v)}" for k, v in value.items()) + " }"
    # What JSON escapes in text, lists and numbers, TOML escapes alike.
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _section(entity: str, place: Place, section: Section) -> list[str]:
    lines = [f"[{entity}]"]
    lines += [_comment("# ", place.files)] if place.files else []
    lines += [_comment(QUESTION, each) for each in place.questions]
    lines += [f"{key} = {toml(value)}" for key, value in place.keys.items()]
    if section.formats:
        formats = section.formats[0] if len(section.formats) == 1 else section.formats
        lines.append(f"timestamp_format = {toml(formats)}")
    for name, table in place.tables.items():
        lines += ["", f"[{entity}.{name}]"]
        lines += [f"{key} = {toml(value)}" for key, value in table.items()]
    lines += ["", f"[{entity}.columns]", *(_comment(QUESTION, each) for each in section.questions)]
    for name in ENTITIES[entity].names:
        if name in section.columns:
            lines += _column(name, section.columns[name])
    for name, words in section.values.items():
        lines += ["", f"[{entity}.values.{name}]"]
        lines += [_word(word, meant) for word, meant in words.items()]
    return lines


def _word(word: str, meant: str) -> str:
    return f"{_key(word)} = {toml(meant)}" if meant else f"# {_key(word)} = "


def _column(name: str, mapped: Mapped) -> list[str]:
    asked = [_comment(QUESTION, mapped.question)] if mapped.question else []
    return [*asked, _commented(f"{name} = {toml(mapped.expression)}", mapped.note)]


def _commented(line: str, comment: str) -> str:
    one_line = " ".join(comment.split())
    return f"{line.ljust(_COMMENT_AT)} # {one_line}" if one_line else line


def _comment(start: str, text: str) -> str:
    """Return a comment of one line; names of columns and files may have line breaks."""
    return start + " ".join(text.split())


def _key(word: str) -> str:
    return (
        word if word.replace("_", "").replace("-", "").isalnum() and word.isascii() else toml(word)
    )
