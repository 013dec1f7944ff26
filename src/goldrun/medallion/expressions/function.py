"""What an entry of the function table is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column

from goldrun.medallion.expressions.kinds import ExpressionError, Kind, NumberType, Value
from goldrun.medallion.expressions.values import computed, of_kind


@dataclass(frozen=True)
class Takes:
    """One argument of a function.

    Attributes:
        name: Name of the argument, for the reference.
        kind: Kind that it has to be of; any single value when None.
        optional: Whether it may be left out.
        repeated: Whether more of the same may follow.
        written: Whether it has to be written as a literal, so that it is checked beforehand.
    """

    name: str
    kind: Kind | None = None
    optional: bool = False
    repeated: bool = False
    written: bool = False


@dataclass(frozen=True)
class Function:
    """One function of the mapping language.

    Attributes:
        name: Name, in lower case; case does not matter in an expression.
        takes: Its arguments, in order.
        gives: Kind of the result, as the reference shows it.
        bind: Makes the value of the checked arguments; raises ExpressionError where it can't.
        meaning: What it gives, in one sentence.
        example: An expression over the text columns ``a`` and ``b``, which tests compute in every
            engine.
    """

    name: str
    takes: tuple[Takes, ...]
    gives: str
    bind: Callable[[Sequence[Value]], Value]
    meaning: str
    example: str

    def call(self, given: Sequence[Value]) -> Value:
        """Check the arguments and make the value.

        Raises:
            ExpressionError: There are too many or too few, or one is of another kind.
        """
        least = sum(not one.optional for one in self.takes)
        most = None if any(one.repeated for one in self.takes) else len(self.takes)
        if len(given) < least or (most is not None and len(given) > most):
            raise ExpressionError(
                f"gives {self.name} {len(given)} arguments; it is {self.signature}"
            )
        return self.bind([self._checked(i, value) for i, value in enumerate(given)])

    def _checked(self, position: int, value: Value) -> Value:
        takes = self.takes[min(position, len(self.takes) - 1)]
        if takes.written and value.literal is None:
            raise ExpressionError(
                f"gives {self.name} a {takes.name} that is computed; write it as it is"
            )
        if takes.kind is None:
            return value
        return of_kind(value, takes.kind, self.name)

    @property
    def signature(self) -> str:
        """How it is called, such as ``substring(text, start[, length])``."""
        text = ""
        for one in self.takes:
            name = f"{one.name}, ..." if one.repeated else one.name
            comma = ", " if text else ""
            text += f"[{comma}{name}]" if one.optional else f"{comma}{name}"
        return f"{self.name}({text})"


def plain(
    kind: Kind, make: Callable[..., Column], number: NumberType | None = None
) -> Callable[[Sequence[Value]], Value]:
    """Bind a function that computes its result of the columns of its arguments, and no more."""
    return lambda given: computed(kind, given, make, number)


def text_of(value: Value) -> str:
    """The text that an argument is written as."""
    if not isinstance(value.literal, str):
        raise ExpressionError("has a number where a text in quotes is needed")
    return value.literal


def whole_number(value: Value, least: int, most: int, what: str) -> int:
    """The whole number that an argument is written as."""
    number = value.literal
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise ExpressionError(f"has a {what} that is no whole number from {least} to {most}")
    return number
