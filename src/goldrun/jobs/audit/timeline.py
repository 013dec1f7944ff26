"""The champions of a model over time, as an SVG picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from goldrun.jobs.audit.markup import Markup, element, joined
from goldrun.registry.ledger import Entry, State

_WIDTH, _LEFT, _RIGHT = 1180, 96, 16
_TOP, _LANE, _BAR = 8, 30, 20
_LANES = 14
"""Largest number of versions in the picture; the newest are shown."""
_COLOURS = {False: "#1f5fbf", True: "#8b2fc9"}
"""Colour of a champion that the gate promoted, and of one by force or adoption."""


@dataclass(frozen=True)
class Span:
    """A time in which a version was champion.

    Attributes:
        entry: The entry that made it champion.
        start: When that was, UTC.
        end: When another became champion, or the end of the picture.
    """

    entry: Entry
    start: datetime
    end: datetime


def spans_of(entries: Sequence[Entry], until: datetime) -> list[Span]:
    """Return the times of the champions, oldest first.

    Args:
        entries: All entries of a model, by number.
        until: End of the time of the newest.
    """
    done = [entry for entry in entries if entry.state == State.DONE]
    ends = [*(entry.recorded_at for entry in done[1:]), until]
    return [Span(e, e.recorded_at, end) for e, end in zip(done, ends[: len(done)], strict=True)]


def timeline(entries: Sequence[Entry], until: datetime) -> Markup:
    """Draw the champions, one line a version, with the refused versions as crosses.

    Args:
        entries: All entries of a model, by number.
        until: End of the picture.
    """
    shown = _Picture(entries, until)
    height = _TOP + _LANE * len(shown.versions) + 28
    parts = [*shown.lanes(), *shown.bars(), *shown.refusals(), *shown.axis(height - 20)]
    label = "Champions over time"
    return element("svg", *parts, viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label)


class _Picture:
    def __init__(self, entries: Sequence[Entry], until: datetime) -> None:
        self._refused = [entry for entry in entries if entry.state == State.REFUSED]
        self._spans = spans_of(entries, until)
        found = {entry.to_version for entry in entries}
        self.versions = sorted(found)[-_LANES:]
        times = [entry.recorded_at for entry in entries]
        self._start, self._end = min(times), max(until, *times)

    def _x(self, time: datetime) -> float:
        whole = (self._end - self._start).total_seconds() or 1.0
        share = (time - self._start).total_seconds() / whole
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def _y(self, version: int) -> int:
        return _TOP + _LANE * self.versions.index(version)

    def lanes(self) -> Iterator[Markup]:
        for version in self.versions:
            y = self._y(version)
            yield _line(_LEFT, y + _LANE - 5, _WIDTH - _RIGHT, y + _LANE - 5, "#eef1f4")
            yield _text(_LEFT - 10, y + 15, f"version {version}", anchor="end", fill="#1c2430")

    def bars(self) -> Iterator[Markup]:
        for span in self._spans:
            if span.entry.to_version in self.versions:
                yield self._bar(span)

    def _bar(self, span: Span) -> Markup:
        left, y = self._x(span.start), self._y(span.entry.to_version)
        # A short time is still to be seen.
        width = max(self._x(span.end) - left, 3)
        what = f"version {span.entry.to_version}, from {span.start:%Y-%m-%d %H:%M} UTC"
        forced = span.entry.forced
        place = {"x": str(left), "y": str(y), "width": str(width), "height": str(_BAR)}
        title = element("title", f"{what}{', forced' if forced else ''}")
        bar = element("rect", title, **place, rx="4", fill=_COLOURS[forced])
        label = "forced" if forced else str(span.entry.action)
        fits = width > 8 * len(label)
        return joined([bar, _text(left + 7, y + 14, label, fill="#fff") if fits else None])

    def refusals(self) -> Iterator[Markup]:
        for entry in self._refused:
            if entry.to_version in self.versions:
                x, y = self._x(entry.recorded_at), self._y(entry.to_version)
                title = element("title", f"version {entry.to_version} was refused")
                crossed = f"M{x - 5},{y + 5}l10,10m0,-10l-10,10"
                yield element("path", title, d=crossed, stroke="#c0262d", stroke_width="2.5")

    def axis(self, y: int) -> Iterator[Markup]:
        yield _line(_LEFT, y, _WIDTH - _RIGHT, y, "#b7c0cb")
        style = "%Y-%m-%d %H:%M" if (self._end - self._start).days < 4 else "%Y-%m-%d"
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
            time = self._start + share * (self._end - self._start)
            yield _text(self._x(time), y + 16, f"{time:{style}}", anchor=anchor, fill="#5b6675")


def _line(x1: int, y1: int, x2: int, y2: int, colour: str) -> Markup:
    return element("path", d=f"M{x1},{y1}L{x2},{y2}", stroke=colour)


def _text(x: float, y: int, text: str, *, fill: str, anchor: str = "start") -> Markup:
    return element("text", text, x=str(x), y=y, fill=fill, text_anchor=anchor)
