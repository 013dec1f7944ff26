"""Elements of HTML and SVG, whose texts and attributes are escaped."""

from collections.abc import Iterable, Sequence
from html import escape


class Markup(str):
    """Text that is HTML already; every other text is escaped where it is put into an element."""

    __slots__ = ()


Content = str | int | None


def element(name: str, *content: Content, **attributes: Content) -> Markup:
    """Return an element.

    Args:
        name: Name of the element.
        *content: What it contains; None is left out.
        **attributes: Its attributes; None is left out, ``class_`` is ``class``, and ``_`` in other
            names is ``-``.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{joined(content)}</{name}>")


def joined(content: Iterable[Content]) -> Markup:
    """Return contents one after the other; None is left out."""
    return Markup("".join(_escaped(each) for each in content if each is not None))


def _escaped(content: str | int) -> str:
    return content if isinstance(content, Markup) else escape(str(content))


def badge(text: str, kind: str) -> Markup:
    """Return a short text in a coloured frame; ``kind`` is a class of the style sheet."""
    return element("span", text, class_=f"badge {kind}")


def code(text: str, title: str | None = None) -> Markup:
    """Return text in the font of code; ``title`` is shown while the pointer rests on it."""
    return element("code", text, title=title)


def short(text: str | None) -> Markup:
    """Return the beginning of a hash or an id, with the whole of it as title; a dash for none."""
    if not text:
        return Markup("-")
    return code(text if len(text) <= 12 else f"{text[:12]}…", title=text)


def table(header: Sequence[str], rows: Iterable[Markup], class_: str | None = None) -> Markup:
    """Return a table of rows (``row``) under a header, in a box that scrolls if it is wide."""
    head = element("tr", *(element("th", each, scope="col") for each in header))
    body = element("table", element("thead", head), element("tbody", *rows), class_=class_)
    return element("div", body, class_="wide")


def row(*cells: Content, class_: str | None = None, id_: str | None = None) -> Markup:
    """Return a row of a table."""
    return element("tr", *(element("td", cell) for cell in cells), class_=class_, id_=id_)


def facts(pairs: Iterable[tuple[str, Content]]) -> Markup:
    """Return a list of names with their values."""
    each = (element("div", element("dt", name), element("dd", value)) for name, value in pairs)
    return element("dl", *each)


def lines(texts: Iterable[Content]) -> Markup:
    """Return texts one below the other."""
    return joined(element("div", text) for text in texts)
