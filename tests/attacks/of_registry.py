"""Attacks on the registry, the alias and the ledger."""

import json
import shutil
import urllib.request
from dataclasses import replace
from datetime import timedelta
from functools import partial

from deltalake import DeltaTable

from goldrun.contracts.promotions import PROMOTIONS
from goldrun.registry.ledger import HEAD, Entry, chained
from tests.attacks.attack import CHALLENGER, CHAMPION, LEDGER, Attack, Place
from tests.attacks.server import running_server
from tests.attacks.shop import NAME, SOURCE

_BY_LEDGER = "by the ledger version 1 is champion"
_NOT_AS_WRITTEN = "is not as it was written"
_SCORE = ("score", SOURCE)


def _move_alias(place: Place) -> None:
    place.client.set_registered_model_alias(NAME, "champion", str(CHALLENGER))


def _move_by_http(api: str, place: Place) -> None:
    body = json.dumps({"name": NAME, "alias": "champion", "version": str(CHALLENGER)}).encode()
    with running_server(place.project) as address:
        request = urllib.request.Request(
            f"{address}/{api}/2.0/mlflow/registered-models/alias",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()
    assert place.alias() == CHALLENGER


def _delete_alias(place: Place) -> None:
    place.client.delete_registered_model_alias(NAME, "champion")


def _delete_champion(place: Place) -> None:
    place.client.delete_model_version(NAME, str(CHAMPION))


def _entries(place: Place) -> list[Entry]:
    rows = place.table(LEDGER).astype(object)
    rows = rows.where(rows.notna(), None).sort_values("number")
    found = []
    for row in rows.to_dict("records"):
        whole = ("number", "from_version", "to_version", "compared_with")
        numbers = {name: None if row[name] is None else int(row[name]) for name in whole}
        found.append(Entry.from_row({**{str(k): v for k, v in row.items()}, **numbers}))
    return found


def _append(place: Place) -> None:
    """Append a promotion with the right hashes, as any writer can, and act on it."""
    entries = _entries(place)
    forged = replace(entries[1], from_version=CHAMPION, to_version=CHALLENGER)
    new = chained(forged, entries)
    rows = place.table(LEDGER)
    row = dict(zip(PROMOTIONS.names, new.to_row(), strict=True))
    rows.loc[len(rows)] = [row[name] for name in rows.columns]
    place.replace_table(LEDGER, rows)
    _move_alias(place)


def _change_entry(place: Place) -> None:
    rows = place.table(LEDGER)
    rows.loc[rows["number"] == 1, "to_version"] = CHALLENGER
    place.replace_table(LEDGER, rows)


def _remove_entry(number: int, place: Place) -> None:
    rows = place.table(LEDGER)
    place.replace_table(LEDGER, rows[rows["number"] != number].reset_index(drop=True))


def _reorder(place: Place) -> None:
    rows = place.table(LEDGER)
    rows["number"] = rows["number"].replace({0: 1, 1: 0})
    place.replace_table(LEDGER, rows)


def _old_copy(place: Place) -> None:
    """Put the ledger back to its first version, as a backup of the lake would."""
    DeltaTable(str(place.project.lake / LEDGER)).restore(1)


def _link(place: Place) -> None:
    """Put a link to an empty copy of another lake in the place of the ledger."""
    path, outside = place.project.lake / LEDGER, place.project.folder / "in" / "elsewhere"
    shutil.copytree(path, outside)
    shutil.rmtree(path)
    path.symlink_to(outside)
    rows = place.table(LEDGER)
    place.replace_table(LEDGER, rows.iloc[:0])


def _redate(by: timedelta, place: Place) -> None:
    """Give the newest entry another time, as a machine with another clock would have written it."""
    newest = _entries(place)[-1]
    changed = replace(newest, recorded_at=newest.recorded_at + by)
    rows = place.table(LEDGER)
    chosen = rows["number"] == newest.number
    rows.loc[chosen, "recorded_at"] = changed.recorded_at
    rows.loc[chosen, "hash"] = changed.computed_hash()
    place.replace_table(LEDGER, rows)
    place.client.set_registered_model_tag(NAME, HEAD, changed.computed_hash())


def _other_owner(key: str, place: Place) -> None:
    place.tag(CHALLENGER, key, "another")


ATTACKS = (
    Attack("alias moved by hand", _move_alias, _BY_LEDGER),
    Attack("alias moved by hand, then scored", _move_alias, _BY_LEDGER, _SCORE),
    Attack("alias moved by REST", partial(_move_by_http, "api"), _BY_LEDGER, _SCORE),
    Attack("alias moved as the UI does it", partial(_move_by_http, "ajax-api"), _BY_LEDGER, _SCORE),
    Attack("alias taken off, then a training", _delete_alias, _BY_LEDGER, ("churn", SOURCE)),
    Attack("alias taken off, then a promotion", _delete_alias, _BY_LEDGER),
    Attack("champion's version deleted", _delete_champion, "the champion, version 1, was deleted"),
    Attack(
        "champion's version deleted, then a training",
        _delete_champion,
        "the champion, version 1, was deleted",
        ("churn", SOURCE),
    ),
    Attack(
        "champion's run deleted, then an audit",
        lambda p: p.client.delete_run(p.run_of(CHAMPION)),
        "training run .* deleted",
        ("audit", SOURCE),
        codes=(18,),
    ),
    Attack(
        "champion's evidence deleted",
        lambda p: (p.artifacts(CHAMPION) / "evidence.json").unlink(),
        "can't be compared with the champion.*has no evidence",
    ),
    Attack(
        "registered model deleted",
        lambda p: p.client.delete_registered_model(NAME),
        "has no version with the alias challenger",
        codes=(15,),
    ),
    Attack(
        "a version of another shop",
        partial(_other_owner, "goldrun.source"),
        "belongs to source 'another'",
    ),
    Attack(
        "a version of another lake",
        partial(_other_owner, "goldrun.lake"),
        "trained on a lake with id another",
    ),
    Attack("an entry of the ledger changed", _change_entry, _NOT_AS_WRITTEN),
    Attack("the newest entry removed", partial(_remove_entry, 2), _NOT_AS_WRITTEN),
    Attack("an entry in the middle removed", partial(_remove_entry, 1), _NOT_AS_WRITTEN),
    Attack("entries reordered", _reorder, _NOT_AS_WRITTEN),
    Attack("a promotion appended by another writer", _append, _NOT_AS_WRITTEN),
    Attack("an older copy of the ledger", _old_copy, _NOT_AS_WRITTEN),
    Attack(
        "the ledger deleted",
        lambda p: shutil.rmtree(p.project.lake / LEDGER),
        "it has no entry, and the tag",
    ),
    Attack("the ledger replaced by a link", _link, _NOT_AS_WRITTEN + "|it has no entry"),
    Attack(
        "the head's tag deleted",
        lambda p: p.client.delete_registered_model_tag(NAME, "goldrun.ledger"),
        _NOT_AS_WRITTEN,
    ),
    Attack(
        "the clock set back by a day",
        partial(_redate, timedelta(days=1)),
        "the clock of this machine shows .* before the newest entry",
    ),
    Attack(
        "an entry dated before the one that it follows, then an audit",
        partial(_redate, timedelta(days=-1)),
        "time .entry 2.*expected: a time after that of entry 1",
        ("audit", SOURCE),
        codes=(18,),
    ),
    Attack(
        "the tag of the decision edited",
        lambda p: p.tag(CHALLENGER, "goldrun.decision", "promoted"),
        "leads that of champion version 1",
    ),
)
