"""What the benchmark's page adds to the look of the report page."""

BENCH_STYLE = """
main { max-width: 1240px; }
h3 { font-size: 15px; margin: 18px 0 4px; font-weight: 620; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 14px; }
a { color: var(--substitute); text-decoration: none; } a:hover { text-decoration: underline; }
details { margin-top: 10px; } details > *:not(summary) { margin-left: 2px; }
summary { cursor: pointer; color: var(--soft); font-size: 14px; padding: 3px 0; }
summary:hover { color: var(--ink); }
.figures { font-size: 14px; } .figures th { vertical-align: bottom; font-size: 12.5px;
  line-height: 1.25; } .figures th.n { max-width: 128px; }
.figures th:first-child, .figures td:first-child { position: sticky; left: 0; z-index: 1;
  background: var(--card); white-space: nowrap; padding-right: 16px; }
.figures td.n { white-space: nowrap; padding-right: 14px; } .figures th.n { padding-right: 14px; }
.figures td small { display: block; color: var(--soft); font-size: 11.5px; line-height: 1.25; }
.figures .unit { display: block; font-weight: 400; }
.figures tr.truth td { background: #f3f6f9; } .figures tr.reference td:first-child {
  font-weight: 650; color: var(--substitute); }
.figures td.best b { background: var(--good-ground); color: var(--good); border-radius: 4px;
  padding: 0 5px; margin-right: -5px; } .figures td b { font-weight: 650; }
.up { color: var(--good); } .down { color: var(--delete); }
.up, .down { font-size: 10px; vertical-align: 1px; margin-left: -9px; padding-right: 2px; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px;
  margin-right: 7px; vertical-align: -1px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(430px, 1fr));
  gap: 10px 26px; align-items: start; }
@media (max-width: 560px) { .charts { grid-template-columns: 1fr; } }
svg .chart-title { font-size: 13.5px; font-weight: 620; }
svg .tick { font-size: 11.5px; } svg .middle { text-anchor: middle; }
.mark-zero { stroke: #5b6876; stroke-width: 1.2; stroke-dasharray: 3 3; }
video { display: block; max-width: 100%; height: 318px; margin-top: 10px;
  border-radius: 6px; background: #1c2733; }
.item h3 .small { font-weight: 400; }
.badge.worst { color: #a33a24; background: #fbe9e4; }
.badge.median { color: #46535f; background: #e9eef3; }
.badge.best { color: var(--good); background: var(--good-ground); }
pre { margin: 8px 0 0; padding: 10px 14px; background: var(--ground); border-radius: 6px;
  overflow-x: auto; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.way { white-space: nowrap; }
.reason { overflow-wrap: anywhere; }
"""
"""CSS, after ``facedit.report.style.STYLE``."""
