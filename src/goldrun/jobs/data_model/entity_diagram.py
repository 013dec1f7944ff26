"""The entities and their relations as a Mermaid diagram."""

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Column, Table


def diagram() -> str:
    """Draw the entities with columns, keys and relations as a fenced Mermaid ``erDiagram``."""
    lines = ["```mermaid", "erDiagram"]
    for child, table in ENTITIES.items():
        for r in table.references:
            parent = "||" if table.column(r.column).required else "|o"
            lines.append(f"  {r.entity} {parent}--o{{ {child} : {r.column}")
    for entity, table in ENTITIES.items():
        foreign = {r.column for r in table.references}
        lines += [f"  {entity} {{", *(_attribute(c, table, foreign) for c in table.columns), "  }"]
    return "\n".join([*lines, "```\n"])


def _attribute(c: Column, table: Table, foreign: set[str]) -> str:
    # Mermaid takes no comma in a type; the digits of a decimal are in the dictionary below it.
    kind = c.type.simpleString().partition("(")[0]
    marks = ", ".join(
        mark for mark, yes in (("PK", c.name in table.key), ("FK", c.name in foreign)) if yes
    )
    facts = ("" if c.required else "optional", c.unit, "personal" if c.personal else "")
    comment = ", ".join(fact for fact in facts if fact)
    return " ".join(
        part for part in ("   ", kind, c.name, marks, f'"{comment}"' if comment else "") if part
    )
