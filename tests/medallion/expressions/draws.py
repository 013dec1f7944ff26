"""Random expressions of the language, which depend on the seed only."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

_TEXTS = ("a", "b", "'a'", "''", "' 1.5 '", "'ß-b'", "'2024-02-29'", "null")
_TYPES = (
    *("int", "bigint", "double", "decimal(18,4)", "decimal(38,18)", "decimal(38,0)"),
    "decimal(9,9)",
)
_NUMBERS = ("0", "1", "2.5", "-3", "1e-3", "100", "0.0001", "99999999999")
_DEEPEST = 4
_SEED = 20


class Draw:
    """Draws expressions of each kind with a limited depth."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def any(self, depth: int = _DEEPEST) -> str:
        """An expression of any kind."""
        return self._one_of(
            [partial(way, depth) for way in (self.text, self.number, self.condition, self.time)]
        )

    def _one_of(self, ways: Sequence[Callable[[], str]]) -> str:
        return self._chance.choice(ways)()

    def text(self, depth: int) -> str:
        """An expression that returns text."""
        if depth <= 0 or self._chance.random() < 0.2:
            return self._chance.choice(_TEXTS)
        t, n = partial(self.text, depth - 1), self._chance.randint(1, 6)
        return self._one_of(
            [
                lambda: f"concat({t()}, {t()})",
                lambda: f"concat_ws('-', {t()}, {t()})",
                lambda: f"upper({t()})",
                lambda: f"lower({t()})",
                lambda: f"trim({t()})",
                lambda: f"reverse({t()})",
                lambda: f"substring({t()}, {self._chance.randint(-6, 6)}, {n})",
                lambda: f"left({t()}, {n})",
                lambda: f"right({t()}, {n})",
                lambda: f"lpad({t()}, {n}, '0')",
                lambda: f"replace({t()}, 'a', {t()})",
                lambda: f"split_part({t()}, '-', {n})",
                lambda: f"split({t()}, ' ')[{n - 1}]",
                lambda: f"regexp_replace({t()}, '([0-9]+)', '<$1>')",
                lambda: f"regexp_extract({t()}, '([a-z]+)', 1)",
                lambda: f"sha2({t()}, 256)",
                lambda: f"coalesce(nullif({t()}, ''), {t()})",
                lambda: f"if({self.condition(depth - 1)}, {t()}, {t()})",
                lambda: f"greatest({t()}, {t()})",
                lambda: f"cast({self.number(depth - 1)} as string)",
                lambda: f"cast({self.time(depth - 1)} as string)",
                lambda: f"to_json(named_struct('x', {t()}, 'y', {t()}))",
                lambda: f"get_json_object({t()}, '$.v')",
            ]
        )

    def number(self, depth: int) -> str:
        """An expression that returns a number."""
        if depth <= 0 or self._chance.random() < 0.1:
            return self._chance.choice(_NUMBERS)
        n = partial(self.number, depth - 1)
        return self._one_of(
            [
                lambda: f"try_cast({self.text(depth - 2)} as {self._chance.choice(_TYPES)})",
                lambda: f"cast({n()} as {self._chance.choice(_TYPES)})",
                lambda: f"({n()} {self._chance.choice(('+', '-', '*', '/', '%', 'div'))} {n()})",
                lambda: f"round({n()}, {self._chance.randint(0, 4)})",
                lambda: f"{self._chance.choice(('floor', 'ceil', 'abs'))}({n()})",
                lambda: f"(- {n()})",
                lambda: f"coalesce({n()}, {n()})",
                lambda: f"case when {self.condition(depth - 1)} then {n()} else {n()} end",
                lambda: f"least({n()}, {n()})",
                lambda: f"nullif({n()}, {n()})",
                lambda: f"length({self.text(depth - 1)})",
                lambda: f"instr({self.text(depth - 1)}, '1')",
            ]
        )

    def condition(self, depth: int) -> str:
        """An expression that is true or false."""
        if depth <= 0:
            return self._chance.choice(("true", "false", "a = b", "a is null"))
        t, c = partial(self.text, depth - 1), partial(self.condition, depth - 1)
        sign = self._chance.choice(("=", "<>", "<", "<=", ">", ">="))
        return self._one_of(
            [
                lambda: f"({t()} {sign} {t()})",
                lambda: f"({self.number(depth - 1)} {sign} {self.number(depth - 1)})",
                lambda: f"({c()} and {c()})",
                lambda: f"({c()} or {c()})",
                lambda: f"(not {c()})",
                lambda: f"({t()} is null)",
                lambda: f"({t()} like '%a_b%')",
                lambda: f"({t()} rlike '^[a-z0-9]+$')",
                lambda: f"({t()} in ('a', 'b', {t()}))",
                lambda: f"contains({t()}, {t()})",
            ]
        )

    def time(self, depth: int) -> str:
        """An expression that returns a time."""
        t, n = partial(self.text, depth - 2), partial(self.number, depth - 2)
        return self._one_of(
            [
                lambda: f"cast({t()} as timestamp)",
                lambda: f"to_date({t()}, 'dd/MM/yyyy')",
                lambda: f"try_to_timestamp({t()}, 'dd/MM/yyyy HH:mm')",
                lambda: f"timestamp_seconds({n()})",
                lambda: f"timestamp_millis({n()})",
                lambda: f"to_utc_timestamp(cast({t()} as timestamp), 'Europe/London')",
                lambda: f"make_date({n()}, {n()}, 28)",
            ]
        )


def draws(count: int) -> list[str]:
    """Return distinct expressions, the first of one infinite series."""
    draw, found = Draw(_SEED), dict[str, None]()
    while len(found) < count:
        found[draw.any()] = None
    return list(found)
