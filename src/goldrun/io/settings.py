"""Read settings from TOML files and the environment; errors name the invalid key."""

import hashlib
import os
import re
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args
from urllib.parse import unquote, urlparse

from pydantic import BaseModel, ValidationError

from goldrun.contracts.entity_mapping import KEYS_OF_JOIN, EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.row_context import FillDown
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)

DEFAULT_LAKE = "lake"
PRESETS = "presets"
"""Folder, beside the sources, of the settings for exports of common systems."""
_SHOULD = re.compile(r"^(?:Input should be|\w+ should (?:be|have)) ")
"""Beginning of Pydantic's messages about allowed values, which is replaced by an instruction."""
_NOT_IN_TOML = ("entities", "form")
"""Fields that gather the keys of a TOML section."""


def project_root() -> Path:
    """Return the project's folder: the nearest one above this file that has an ``MLproject``."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "MLproject").is_file():
            return folder
    return Path.cwd()


def lake_root(option: str | None, default: str = DEFAULT_LAKE) -> str:
    """Return the lake's folder or URI: the option, else ``GOLDRUN_LAKE``, else the default.

    A ``file:`` URI is converted to the folder that it names.

    Raises:
        SettingsError: The value has a control character, with which no table can be written.
    """
    root = option or os.environ.get("GOLDRUN_LAKE") or default
    if not root.isprintable():
        raise SettingsError(f"--lake {root!r} has a control character: give another folder or URI")
    uri = urlparse(root)
    return unquote(uri.path) if uri.scheme == "file" else root


def load_source(name: str, path: str = "") -> Source:
    """Read a source's TOML file.

    Args:
        name: Name of a file in ``pipelines/sources`` or its folder ``presets``, without ``.toml``,
            or a path to a TOML file. A shop's own file goes before a preset of the same name.
        path: Files of the transactions, instead of the ``path`` in the TOML file; empty for that.

    Raises:
        SettingsError: The file is missing, or has an unknown key or an invalid value.
    """
    file = _source_file(name)
    source = load_toml(file, Source, name=file.stem, argument=file.stem)
    return _with_path(source, path) if path else source


def default_lake(name: str) -> str:
    """Return the default lake of a source.

    A preset has one of its own, so that its records don't meet those of another shop.
    """
    file = _source_file(name)
    return f"{file.stem}-{DEFAULT_LAKE}" if file.parent == _folder() / PRESETS else DEFAULT_LAKE


def _folder() -> Path:
    return project_root() / "pipelines" / "sources"


def _source_file(name: str) -> Path:
    """Return the TOML file of a source; SettingsError if there is none."""
    folder = _folder()
    places = [folder / f"{name}.toml", folder / PRESETS / f"{name}.toml"]
    if name.endswith(".toml"):
        places = [Path(name)]
    found = [place for place in places if _is_file(place)]
    if not found:
        stems = {file.stem for each in (folder, folder / PRESETS) for file in each.glob("*.toml")}
        known = sorted(stems)
        raise SettingsError(
            f"source {name!r}: no file {places[0]}{did_you_mean(name, known)}; write "
            f"{', '.join([*known, ''])}or give a path that ends in .toml"
        )
    return found[0]


def _with_path(source: Source, path: str) -> Source:
    """Replace the path of the transactions' files, which must be the only files of the source."""
    files = [entity for entity, mapping in source.with_files.items() if mapping.path is not None]
    if files != ["transactions"]:
        several = f"has files of {', '.join(files)}" if files else "has no files"
        raise SettingsError(
            f"--path {path!r} is for a source with files of transactions alone, and "
            f"{source.name}.toml {several}: write the path in a TOML file of your own"
        )
    mapping = source.entities["transactions"].model_copy(update={"path": path})
    entities = {**source.entities, "transactions": mapping}
    argument = f"{source.name} -P path={shlex.quote(path)}"
    return source.model_copy(update={"entities": entities, "argument": argument})


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # for example if the name is too long
        return False


def load_model_config(name: str, model: type[Model]) -> Model:
    """Read ``models/<name>.toml``; SettingsError if it is missing or invalid."""
    return load_toml(_model_file(name), model)


def model_file_hash(name: str) -> str:
    """Return the SHA-256 of ``models/<name>.toml``, which ``load_model_config`` has read."""
    return hashlib.sha256(_model_file(name).read_bytes()).hexdigest()


def _model_file(name: str) -> Path:
    return project_root() / "models" / f"{name}.toml"


def load_toml(path: Path, model: type[Model], **given: object) -> Model:
    """Read a TOML file into a strict settings model.

    Args:
        path: The file.
        model: Class of the settings.
        **given: Values that are not read from the file.

    Raises:
        SettingsError: The file is missing, is not UTF-8 (with or without a byte order mark), is not
            TOML, or does not fit the model; the message names the file, the key and the nearest
            known key.
    """
    raw = _read_toml(path)
    try:
        return model.model_validate(raw | given)
    except ValidationError as error:
        problems = "; ".join(_explain(problem, model) for problem in error.errors())
        raise SettingsError(f"{path}: {problems}") from error


def _read_toml(path: Path) -> dict[str, Any]:
    text = _read_text(path)
    try:
        return tomllib.loads(text)
    # Also raised for a number of too many digits, and for values that are nested too deep.
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}; correct it there") from error


def _read_text(path: Path) -> str:
    try:
        # Some editors write a byte order mark before UTF-8.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(f"{path} does not exist: restore it") from error
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 ({error}): save it as UTF-8") from error
    if "\0" in text:
        raise SettingsError(f"{path} has null characters, as UTF-16 does: save it as UTF-8")
    return text


def _explain(problem: Any, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in problem["loc"] if part not in _NOT_IN_TOML)
    if problem["type"] == "extra_forbidden":
        wrong = str(problem["loc"][-1])
        known = _known_keys(model, problem["loc"])
        near = did_you_mean(wrong, known)
        return f"unknown key {where!r}{near}; remove or rename it; known: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{where} is missing; add it"
    message = str(problem["msg"]).removeprefix("Value error, ")
    message = _SHOULD.sub("write ", message)
    return f"{where}: {message}" if where else message


def _nested(model: type[BaseModel], place: Sequence[object]) -> type[BaseModel]:
    """Return the model of a table, of ``[campaign]`` or ``[candidates.<name>]``, or the file's."""
    if len(place) < 2 or place[0] not in model.model_fields:
        return model
    kinds = get_args(model.model_fields[str(place[0])].annotation)
    tables = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return next(tables, model)


def _known_keys(model: type[BaseModel], place: Sequence[object]) -> list[str]:
    if model is Source and "fill_down" in place:
        return [*FillDown.model_fields]
    if model is Source and len(place) > 1:
        joined = [*KEYS_OF_JOIN] if "join" in place else None
        return joined or [f.alias or name for name, f in EntityMapping.model_fields.items()]
    nested = _nested(model, place)
    keys = set(nested.model_fields)
    if model is Source:
        keys = keys - {"name", "argument", "entities"} | set(ENTITIES)
    return sorted(keys)
