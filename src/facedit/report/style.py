"""The look of the report page."""

STYLE = """
:root { --ink: #1c2733; --soft: #5b6876; --line: #dde3ea; --ground: #f6f8fa; --card: #fff;
  --kept: #c3d0dd; --kept-link: #e6ecf2; --substitute: #2f6fdb; --insert: #16876a;
  --delete: #c0492f; --sync: #2f6fdb; --generate: #7a4fc4;
  --good: #15743a; --good-ground: #e5f4ea; --look: #8f5200; --look-ground: #fdf0d9; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 4px; font-weight: 650; }
h2 { font-size: 17px; margin: 0 0 4px; font-weight: 650; }
p { margin: 0 0 10px; } .soft { color: var(--soft); } .small { font-size: 13px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 18px 20px; margin-top: 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 18px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 12px 16px; }
.tile b { display: block; font-size: 21px; font-weight: 620; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.warnings { background: var(--look-ground); border-color: #ecd3a2; }
.warnings ul { margin: 4px 0 0; padding-left: 20px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 13px; color: var(--soft); }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } td.n, th.n { text-align: right; padding-right: 18px; }
.scroll { overflow-x: auto; }
.badge { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 13px;
  font-weight: 600; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); }
.look { color: var(--look); background: var(--look-ground); }
.unknown { color: var(--soft); background: #eceff3; }
.kind { color: #fff; } .kind.substitute, .kind.sync { background: var(--substitute); }
.kind.insert { background: var(--insert); } .kind.delete { background: var(--delete); }
.kind.generate { background: var(--generate); }
del { color: var(--delete); } ins { color: var(--insert); text-decoration: none;
  font-weight: 600; }
svg { display: block; width: 100%; height: auto; margin-top: 8px; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  fill: var(--ink); }
svg .lane, svg .tick { fill: var(--soft); } svg .word { font-size: 12.5px; }
.kept { fill: var(--kept); } .kept-link { fill: var(--kept-link); }
.gone { fill: url(#gone); } .gone-ground { fill: #f3e6e2; }
.gone-line { stroke: #cf9a8c; stroke-width: 2; } .mark { stroke: var(--ink); stroke-width: 2; }
.fill.substitute { fill: var(--substitute); } .fill.insert { fill: var(--insert); }
.fill.delete { fill: var(--delete); } .fill-link { opacity: .13; }
.fill-link.substitute { fill: var(--substitute); } .fill-link.insert { fill: var(--insert); }
.fill-link.delete { fill: var(--delete); } .span { fill: #e0a100; }
.axis { stroke: #9aa7b4; } .grid { stroke: #e7ebf0; } .shade { fill: #fff6dd; }
.energy { fill: #dbe2ea; opacity: .75; }
.lips-source { fill: none; stroke: #7c8894; stroke-width: 1.8; stroke-dasharray: 5 4; }
.lips-target { fill: none; stroke: var(--substitute); stroke-width: 2.2; }
.lips-rendered { fill: none; stroke: var(--delete); stroke-width: 1.8; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 8px; color: var(--soft);
  font-size: 13px; } .legend i { display: inline-block; width: 18px; height: 10px;
  border-radius: 2px; margin-right: 6px; vertical-align: -1px; }
.strip { display: flex; gap: 6px; overflow-x: auto; padding: 8px 0 4px; }
.strip figure { margin: 0; flex: none; } .strip img { display: block; height: 128px;
  border-radius: 4px; border-bottom: 5px solid var(--kept); }
.strip .margin img { border-color: #e0a100; } .strip .fill img { border-color: #2f6fdb; }
.strip figcaption { color: var(--soft); font-size: 12px; text-align: center;
  font-variant-numeric: tabular-nums; }
.legend + .item { margin-top: 14px; }
.item + .item { border-top: 1px solid var(--line); margin-top: 14px; padding-top: 14px; }
.item h3 { font-size: 15px; margin: 0; font-weight: 620; display: flex; gap: 10px;
  align-items: center; flex-wrap: wrap; }
.jumps { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-top: 6px; font-size: 14px;
  font-variant-numeric: tabular-nums; }
.bar { height: 10px; background: var(--substitute); border-radius: 3px; min-width: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 6px 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media print { section, .tile { break-inside: avoid; } body { background: #fff; } }
"""
"""CSS; names of classes are those that ``page.py`` and the drawings use."""
