"""The style sheet of the page of an audit; it names no font and no picture of another place."""

from goldrun.jobs.audit.markup import Markup

STYLE = Markup("""\
:root { --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --back: #f4f6f8;
  --intact: #1a7f4b; --unknown: #9a6700; --broken: #c0262d; --forced: #8b2fc9; --done: #1f5fbf; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 60px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 0; }
h3 { font-size: 15px; margin: 26px 0 8px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 20px 22px 22px; margin-top: 22px; }
.title { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; }
code { font: 12px/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: #eef1f4; border-radius: 4px; padding: 1px 5px; overflow-wrap: anywhere; }
.banner { border-left: 6px solid var(--soft); border-radius: 6px; padding: 12px 16px;
  margin: 14px 0 4px; background: #eef1f4; font-size: 15px; }
.banner.intact { border-color: var(--intact); background: #e8f5ee; }
.banner.unknown { border-color: var(--unknown); background: #fdf4dc; }
.banner.broken { border-color: var(--broken); background: #fdebec; }
.badge { display: inline-block; border-radius: 20px; padding: 1px 9px; font-size: 12px;
  font-weight: 600; white-space: nowrap; color: #fff; background: var(--soft); }
.badge.intact, .badge.pass { background: var(--intact); }
.badge.unknown { background: var(--unknown); }
.badge.broken, .badge.fail, .badge.refused { background: var(--broken); }
.badge.done { background: var(--done); }
.badge.forced { background: var(--forced); }
.badge.intended, .badge.abandoned, .badge.empty { background: #fff; color: var(--soft);
  box-shadow: inset 0 0 0 1px var(--line); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line);
  padding: 6px 10px 6px 0; white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: 7px 10px 7px 0; vertical-align: top;
  overflow-wrap: anywhere; }
td:first-child, th:first-child { padding-left: 8px; }
tr.forced td { background: #f6ecfc; } tr.broken td { background: #fdebec; }
tr.minor td { color: var(--soft); }
.time { white-space: nowrap; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 10px 22px;
  margin: 14px 0 0; }
dt { color: var(--soft); font-size: 12px; } dd { margin: 0; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; margin-top: 10px; }
summary { cursor: pointer; font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
footer { color: var(--soft); margin-top: 26px; font-size: 13px; }
@media print { body { background: #fff; } section { break-inside: avoid-page; } }
""")
