"""Write the generated pages of docs/: ``make docs`` runs it."""

from pathlib import Path

from goldrun.contracts import source_schema
from goldrun.jobs.data_model.page import page
from goldrun.medallion.expressions import reference
from goldrun.registry import evidence

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {
    DOCS / "data-model.md": page,
    DOCS / "reference" / "mapping-language.md": reference.page,
    DOCS / "reference" / "source.schema.json": source_schema.page,
    DOCS / "reference" / "evidence.schema.json": evidence.schema,
}

if __name__ == "__main__":
    for file, content in PAGES.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(content(), encoding="utf-8", newline="\n")
