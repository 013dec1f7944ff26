"""Entries of the function table: a function of the mapping language and its parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column

from goldrun.medallion.expressions.kinds import ExpressionError, Kind, NumberType, Value
from goldrun.medallion.expressions.values import computed, of_kind


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function.

    Attributes:
        name: Its name in the reference.
        kind: Kind that its argument must have; None allows every single value.
        optional: Whether its argument may be omitted.
        repeated: Whether further arguments of the same kind may follow.
        literal: Whether its argument must be a literal, which is checked before rows are read.
    """

    name: str
    kind: Kind | None = None
    optional: bool = False
    repeated: bool = False
    literal: bool = False


@dataclass(frozen=True)
class Function:
    """One function of the mapping language.

    Attributes:
        name: Name, in lower case; case does not matter in an expression.
        parameters: Its parameters, in order.
        returns: Kind of the result, as the reference shows it.
        bind: Builds the value from checked arguments; raises ExpressionError for invalid ones.
        meaning: Description of the result, in one sentence.
        example: An expression over the text columns ``a`` and ``b``, which tests compute with
            every engine.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    bind: Callable[[Sequence[Value]], Value]
    meaning: str
    example: str

    def call(self, given: Sequence[Value]) -> Value:
        """Check the arguments and build the value.

        Raises:
            ExpressionError: There are too many or too few arguments, or one has another kind.
        """
        least = sum(not one.optional for one in self.parameters)
        most = None if any(one.repeated for one in self.parameters) else len(self.parameters)
        if len(given) < least or (most is not None and len(given) > most):
            raise ExpressionError(
                f"gives {self.name} {len(given)} arguments; it is {self.signature}"
            )
        return self.bind([self._checked(i, value) for i, value in enumerate(given)])

    def _checked(self, position: int, value: Value) -> Value:
        parameter = self.parameters[min(position, len(self.parameters) - 1)]
        if parameter.literal and value.literal is None:
            raise ExpressionError(
                f"gives {self.name} a computed {parameter.name}; write it as a literal"
            )
        if parameter.kind is None:
            return value
        return of_kind(value, parameter.kind, self.name)

    @property
    def signature(self) -> str:
        """Name and parameters, such as ``substring(text, start[, length])``."""
        text = ""
        for one in self.parameters:
            name = f"{one.name}, ..." if one.repeated else one.name
            comma = ", " if text else ""
            text += f"[{comma}{name}]" if one.optional else f"{comma}{name}"
        return f"{self.name}({text})"


def bind_columns(
    kind: Kind, make: Callable[..., Column], number: NumberType | None = None
) -> Callable[[Sequence[Value]], Value]:
    """Return a ``bind`` that computes a result from the columns of its arguments by ``make``."""
    return lambda given: computed(kind, given, make, number)


def literal_text_of(value: Value) -> str:
    """Return the text of a literal; ExpressionError when it is a number."""
    if not isinstance(value.literal, str):
        raise ExpressionError("has a number where a text in quotes is needed")
    return value.literal


def whole_number(value: Value, least: int, most: int, what: str) -> int:
    """Return the whole number of a literal; ExpressionError outside of its bounds."""
    number = value.literal
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise ExpressionError(f"has a {what} that is no whole number from {least} to {most}")
    return number
