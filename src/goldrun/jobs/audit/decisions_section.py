"""Every entry of a ledger, as a table of the page."""

from collections.abc import Iterator

from goldrun.jobs.audit.audited import AuditedModel, who_of
from goldrun.jobs.audit.markup import Content, Markup, badge, element, lines, row, short, table
from goldrun.registry.findings import Severity
from goldrun.registry.ledger import Entry, State
from goldrun.registry.signatures import Signed, checked

_HEADER = ("#", "when (UTC)", "decision", "version", "verdict", "why", "who", "entry")
_SIGNED = {
    Signed.TRUSTED: ("signed", "intact"),
    Signed.UNSIGNED: ("not signed", "empty"),
    Signed.UNCHECKED: ("signature not checked", "unknown"),
    Signed.OTHER_KEY: ("another key", "broken"),
    Signed.INVALID: ("wrong signature", "broken"),
}


def decisions_section(model: AuditedModel, trusted: tuple[str, ...]) -> Markup:
    """Return all entries, newest first; forced ones and those with findings are coloured."""
    broken = {one.entry for one in model.findings if one.severity is Severity.BROKEN}
    entries = reversed(list(model.record.entries))
    rows = [_row(entry, trusted, is_broken=entry.number in broken) for entry in entries]
    return element("div", element("h3", "All decisions"), table(_HEADER, rows))


def _row(entry: Entry, trusted: tuple[str, ...], *, is_broken: bool) -> Markup:
    is_minor = entry.state in {State.INTENDED, State.ABANDONED}
    kind = "broken" if is_broken else "forced" if entry.forced else "minor" if is_minor else None
    return row(
        entry.number,
        element("span", f"{entry.recorded_at:%Y-%m-%d %H:%M:%S}", class_="time"),
        lines([_decision(entry)]),
        _versions(entry),
        badge(entry.verdict, _known(entry.verdict)),
        lines(_why(entry)),
        lines([who_of(entry), short(entry.run)]),
        lines([short(entry.hash), badge(*_SIGNED[checked(entry, trusted)])]),
        class_=kind,
        id_=f"{entry.model}-{entry.number}",
    )


def _decision(entry: Entry) -> Markup:
    states = {State.INTENDED.value: "intended", State.ABANDONED.value: "abandoned"}
    text = states.get(entry.state, "refused" if entry.state == State.REFUSED else entry.action)
    forced = badge("forced", "forced") if entry.forced else None
    return lines([badge(text, _known(entry.state)), forced])


def _known(word: str) -> str:
    """Return a word as a class of the style sheet; an entry that was changed may have any text."""
    return word if word.isalpha() else "unknown"


def _versions(entry: Entry) -> str:
    before = "none" if entry.from_version is None else entry.from_version
    if entry.state == State.REFUSED:
        return f"{entry.to_version} (stays {before})"
    return f"{before} → {entry.to_version}"


def _why(entry: Entry) -> Iterator[Content]:
    if entry.state == State.INTENDED:
        return
    if entry.why:
        yield element("strong", f"“{entry.why}”")
    yield from entry.reasons
    for warning in entry.warnings:
        yield element("span", f"warning: {warning}", class_="soft")
    if entry.compared_with is not None:
        text = f"compared with version {entry.compared_with} on rows of {entry.test_origin}"
        yield element("span", text, class_="soft")
