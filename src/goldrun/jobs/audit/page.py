"""The page of an audit: one HTML file without anything from elsewhere."""

from collections.abc import Sequence

from goldrun.jobs.audit.audited import Audited, AuditedModel, decision_of, who_of
from goldrun.jobs.audit.decisions_section import decisions_section
from goldrun.jobs.audit.evidence_section import evidence_section
from goldrun.jobs.audit.markup import (
    Content,
    Markup,
    badge,
    element,
    facts,
    joined,
    lines,
    row,
    short,
    table,
)
from goldrun.jobs.audit.report import answers, counted
from goldrun.jobs.audit.style import STYLE
from goldrun.jobs.audit.timeline import timeline
from goldrun.registry.audit_ledger import text_of
from goldrun.registry.findings import Condition, Finding
from goldrun.registry.ledger import State
from goldrun.registry.signatures import Signed, checked

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_BANNERS = {
    Condition.INTACT: "Everything was checked, and nothing was found.",
    Condition.UNKNOWN: "Nothing was found to be changed, and not everything could be checked.",
    Condition.BROKEN: "Something is not as it was written or decided.",
    Condition.EMPTY: "Nothing was decided yet.",
}
_NOTES = (
    "Each entry has the hash of the entry before it, and a tag of the registered model has the "
    "hash of the newest. Broken means that something is not as it was written or decided; unknown, "
    "that it could not be checked. Forced decisions are allowed, and stay marked for ever.",
    "Someone who can write both the lake and the store can compute a ledger anew, unless its "
    "entries are signed. Keep the hash of the newest entry that this page shows: the next audit "
    "checks with it (known=HASH) whether that entry is still there.",
)


def page(audited: Audited, begin: str) -> str:
    """Return the page.

    Args:
        audited: The audit.
        begin: Text at the beginning, by which an older page is known.
    """
    title = f"Audit of {audited.source}"
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        element("style", STYLE),
    )
    models = [_model(model, audited) for model in audited.models if not model.record.is_empty]
    notes = element("footer", *(element("p", note) for note in _NOTES))
    body = element("main", _summary(title, audited), *models, notes)
    return begin + element("html", head, element("body", body), lang="en") + "\n"


def _summary(title: str, audited: Audited) -> Markup:
    condition = audited.condition
    heading = element("div", element("h1", title), _badge(condition), class_="title")
    given = facts(
        [
            ("Lake", audited.lake),
            ("Store", audited.store),
            ("Read at", text_of(audited.read_at)),
            ("Trusted keys", lines(map(short, audited.trusted)) if audited.trusted else "none"),
        ]
    )
    return joined(
        [
            heading,
            given,
            _banner(condition, f"{_BANNERS[condition]} {counted(audited.findings)}"),
            _findings(audited.findings) if audited.findings else None,
            _asked(audited),
        ]
    )


def _asked(audited: Audited) -> Markup | None:
    if audited.at is None:
        return None
    said = [
        element("p", element("strong", first), element("span", lines(rest), class_="soft"))
        for first, *rest in answers(audited)
    ]
    return element("section", element("h2", f"Champions at {text_of(audited.at)}"), *said)


def _badge(condition: Condition) -> Markup:
    return badge(condition.value, condition.value)


def _banner(condition: Condition, text: str) -> Markup:
    return element("div", text, class_=f"banner {condition.value}")


def _findings(found: Sequence[Finding]) -> Markup:
    rows = [
        row(
            badge(one.severity.value, one.severity.value),
            one.model,
            lines([one.check, element("span", one.place, class_="soft")]),
            one.found,
            one.expected,
        )
        for one in found
    ]
    header = ("", "model", "check", "found", "expected")
    return element("section", element("h2", "Findings"), table(header, rows))


def _model(model: AuditedModel, audited: Audited) -> Markup:
    record, condition = model.record, model.condition
    title = element("div", element("h2", record.model), _badge(condition), class_="title")
    parts: list[Content] = [title, _banner(condition, _sentence(model)), _facts(model, audited)]
    if record.entries:
        drawn = timeline(record.entries, record.read_at)
        parts += [element("h3", "Champions over time"), drawn]
        parts += [decisions_section(model, tuple(audited.trusted)), evidence_section(model)]
    return element("section", *parts)


def _sentence(model: AuditedModel) -> str:
    entry = model.champion
    if entry is None:
        champion = "By the ledger no version was champion yet."
    else:
        since = text_of(entry.recorded_at)
        champion = f"By the ledger version {entry.to_version} is champion since {since}."
    return f"{_BANNERS[model.condition]} {champion}"


def _facts(model: AuditedModel, audited: Audited) -> Markup:
    record, entry = model.record, model.champion
    signed = [checked(each, audited.trusted) for each in record.entries]
    counts = [(kind, signed.count(kind)) for kind in Signed]
    forced = sum(each.forced and each.state == State.DONE for each in record.entries)
    by_force = f" ({forced} became champion by force)" if forced else ""
    alias = "no version" if record.alias is None else f"version {record.alias}"
    pairs: list[tuple[str, Content]] = [
        ("Alias champion", alias),
        ("Entries", f"{len(record.entries)}{by_force}"),
        ("Signatures", lines(f"{n} {kind.value}" for kind, n in counts if n)),
        ("Newest entry", element("code", record.entries[-1].hash) if record.entries else "none"),
    ]
    if entry is not None:
        how = f"{decision_of(entry)}, by {who_of(entry)}"
        pairs += [("Champion by", how), ("On evidence", short(entry.evidence))]
    return facts(pairs)
