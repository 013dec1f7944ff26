"""Rewrite ``expected.txt`` with the results of the engine in ``GOLDRUN_ENGINE``.

To be run, with both engines and no difference between them, when the language or the hostile texts
change: ``GOLDRUN_ENGINE=sail python -m tests.medallion.expressions.golden``.
"""

from pathlib import Path

from goldrun.io.engines.choose import open_engine
from tests.engines import ENGINE
from tests.medallion.expressions.computed import compute, write_expected
from tests.medallion.expressions.draws import draws
from tests.medallion.expressions.examples import EXAMPLES

EXPECTED = Path(__file__).parent / "expected.txt"
DRAWN = Path(__file__).parent / "expected_draws.txt"
FEW_DRAWS = 50

if __name__ == "__main__":
    with open_engine(ENGINE) as engine:
        write_expected(EXPECTED, compute(engine.session, EXAMPLES))
        write_expected(DRAWN, compute(engine.session, draws(FEW_DRAWS)))
