"""Read modules as syntax trees: their functions, public names and imports."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_DocumentedNode = ast.Module | ast.ClassDef | _FunctionNode
_PYSPARK_LETTERS = ("F", "T")


@dataclass(frozen=True)
class Function:
    """A function or method.

    Attributes:
        name: Its name, qualified by its classes and enclosing functions.
        line: Line of its ``def``.
        body: Lines from its first statement after the docstring to its last.
        public: Whether no part of ``name`` begins with an underscore and no function encloses it.
        documented: Whether it has a docstring.
        returns: Whether its return type is annotated.
    """

    name: str
    line: int
    body: int
    public: bool
    documented: bool
    returns: bool


@dataclass(frozen=True)
class Module:
    """A Python file.

    Attributes:
        path: Its path, as given to :func:`read_modules`.
        lines: Number of its lines.
        functions: Its functions and methods, nested ones too, in their order.
        undocumented: Public classes without a docstring, and the module itself if it has none.
        letters: Names of one letter that its imports bind, but for PySpark's ``F`` and ``T``.
        letter_references: Number of expressions ``X.name`` with ``X`` among ``letters``.
    """

    path: Path
    lines: int
    functions: tuple[Function, ...]
    undocumented: tuple[str, ...]
    letters: tuple[str, ...]
    letter_references: int


def read_modules(root: Path, folders: Iterable[str]) -> list[Module]:
    """Read every Python file below some folders of a project, ordered by path.

    Args:
        root: Folder of the project.
        folders: Names of folders below ``root``; those that do not exist are left out.

    Returns:
        The modules, with paths relative to ``root``.
    """
    files = sorted(file for folder in folders for file in (root / folder).rglob("*.py"))
    return [parse_module(file.relative_to(root), file.read_text("utf-8")) for file in files]


def parse_module(path: Path, text: str) -> Module:
    """Parse the text of a module."""
    tree = ast.parse(text)
    letters = tuple(sorted(set(_letters(tree))))
    classes = (each for each in _scopes(tree) if isinstance(each.node, ast.ClassDef))
    undocumented = [each.name for each in classes if each.public and not _docstring(each.node)]
    return Module(
        path=path,
        lines=len(text.splitlines()),
        functions=tuple(
            _function(each) for each in _scopes(tree) if not isinstance(each.node, ast.ClassDef)
        ),
        undocumented=(*(() if _docstring(tree) else (path.stem,)), *undocumented),
        letters=letters,
        letter_references=sum(
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in letters
            for node in ast.walk(tree)
        ),
    )


@dataclass(frozen=True)
class _Scope:
    node: ast.ClassDef | _FunctionNode
    name: str
    public: bool


def _scopes(parent: ast.AST, prefix: Sequence[str] = (), public: bool = True) -> Iterator[_Scope]:
    """Yield the classes and functions below a node, outer ones before inner ones."""
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, ast.ClassDef | _FunctionNode):
            yield from _scopes(node, prefix, public)
            continue
        path = (*prefix, node.name)
        visible = public and (not node.name.startswith("_") or _is_dunder(node.name))
        yield _Scope(node, ".".join(path), visible)
        yield from _scopes(node, path, visible and isinstance(node, ast.ClassDef))


def _function(scope: _Scope) -> Function:
    node = scope.node
    assert isinstance(node, _FunctionNode)
    statements = node.body[1:] if _docstring(node) else node.body
    end = node.end_lineno or node.lineno
    return Function(
        name=scope.name,
        line=node.lineno,
        body=end - statements[0].lineno + 1 if statements else 0,
        public=scope.public,
        documented=bool(_docstring(node)) or _is_dunder(node.name),
        returns=node.returns is not None,
    )


def _docstring(node: _DocumentedNode) -> str | None:
    return ast.get_docstring(node)


def _is_dunder(name: str) -> bool:
    """Whether a name is one of Python's own, which the docstring of its class describes."""
    return name.startswith("__") and name.endswith("__")


def _letters(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.asname or alias.name for alias in node.names]
            yield from (name for name in names if len(name) == 1 and name not in _PYSPARK_LETTERS)
