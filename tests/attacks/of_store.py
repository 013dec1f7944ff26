"""A store that answers slowly, wrongly, or with an error in the middle of a promotion."""

from functools import partial

from tests.attacks.attack import CHALLENGER, Attack, Place
from tests.attacks.failing_store import Failing, Failure, failing_store
from tests.attacks.server import running_server
from tests.attacks.shop import SOURCE
from tests.project_copy import Done

_FORCED = ("promote", SOURCE, "--force=true", "--reason=x", f"--version={CHALLENGER}")
_NEXT = ("promote", SOURCE, "--dry-run=true", f"--version={CHALLENGER}")
_ASKED = r"GET .*registered-models/alias\?.*alias=champion"
_HEAD = "POST .*registered-models/set-tag"
_ALIAS = "POST .*registered-models/alias"
_DECISION = "POST .*model-versions/set-tag"
_OWN_ERRORS = "MLflow .*the server answers with errors of its own"
_PATIENCE = ("MLFLOW_HTTP_REQUEST_MAX_RETRIES=1", "MLFLOW_HTTP_REQUEST_TIMEOUT=3")
"""As many retries as do not make the attack take minutes."""


def _with_store(
    failure: Failure, request: str, since: int, place: Place, command: tuple[str, ...]
) -> Done:
    """Run a command with a store that fails from a request on."""
    name, *options = command
    plan = Failing(failure, request, since)
    with running_server(place.project) as server, failing_store(server, plan) as address:
        set_to = (f"MLFLOW_TRACKING_URI={address}", *_PATIENCE, "PYTHONPATH=src:.")
        done = place.project.run("env", *set_to, "python", f"pipelines/{name}.py", *options)
    assert plan.began, f"no {request} number {since} in {plan.seen}:\n{done.output}"
    return done


def _attack(
    when: str, failure: Failure, request: str, reason: str, since: int = 1, *, reads: bool = False
) -> Attack:
    """Return an attack on a promotion by order, or on the gate's own reading."""
    return Attack(
        f"the store {failure} {when}",
        lambda _: None,
        reason,
        ("promote", SOURCE) if reads else _FORCED,
        codes=(9,),
        run=partial(_with_store, failure, request, since),
        then=() if reads else _NEXT,
    )


ATTACKS = (
    _attack("when asked for the champion", Failure.ERROR, _ASKED, _OWN_ERRORS, reads=True),
    _attack("when asked for the champion", Failure.PAGE, _ASKED, "not as an MLflow", reads=True),
    _attack("when asked for the champion", Failure.EMPTY, _ASKED, "not as an MLflow", reads=True),
    _attack("when asked for the champion", Failure.SLOW, _ASKED, "can't be reached", reads=True),
    _attack("before the intent is recorded", Failure.ERROR, _HEAD, _OWN_ERRORS),
    _attack("after the intent is recorded", Failure.ERROR, _HEAD, _OWN_ERRORS, 2),
    _attack("when the alias is to move", Failure.ERROR, _ALIAS, _OWN_ERRORS),
    _attack("when the alias is to move", Failure.CUT, _ALIAS, "can't be reached"),
    _attack("when the alias is to move", Failure.SLOW, _ALIAS, "can't be reached"),
    _attack("after the alias has moved", Failure.ERROR, _HEAD, _OWN_ERRORS, 3),
    _attack("after the end is recorded", Failure.ERROR, _HEAD, _OWN_ERRORS, 4),
    _attack("when the decision is tagged", Failure.ERROR, _DECISION, _OWN_ERRORS),
)
