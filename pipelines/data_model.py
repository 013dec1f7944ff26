"""Write docs/data-model.md from the contracts; ``make docs`` runs it."""

from pathlib import Path

from goldrun.contracts.data_model import page

PAGE = Path(__file__).parents[1] / "docs" / "data-model.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
