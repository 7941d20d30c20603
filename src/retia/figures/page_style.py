"""The look of every page: colours of both themes, and one style sheet without any script.

The theme follows the reader's system; a box on the page swaps it. Both are plain CSS (`light-dark`
and `:has`), so a page works where scripts are forbidden: in mail, archives, notebooks.
"""

PALETTE: dict[str, tuple[str, str]] = {
    "ink": ("#1f2328", "#e6edf3"),
    "soft": ("#57606a", "#a3adb8"),
    "ground": ("#ffffff", "#0d1117"),
    "card": ("#f6f8fa", "#161b22"),
    "line": ("#d8dee4", "#30363d"),
    "link": ("#0550ae", "#79b8ff"),
    "notice": ("#9a3412", "#fdba74"),
    "notice-ground": ("#fff7ed", "#2a1708"),
    "supported": ("#dafbe1", "#12381f"),
    "supported-edge": ("#1a7f37", "#3fb950"),
    "contradicted": ("#ffd7d5", "#5c1a1b"),
    "contradicted-edge": ("#b62324", "#ff7b72"),
    "unsupported": ("#fff8c5", "#453a08"),
    "unsupported-edge": ("#7d4e00", "#d29922"),
    "missed": ("#eaeef2", "#2d333b"),
    "missed-edge": ("#57606a", "#8b949e"),
}
"""Per name its colour on the light and on the dark page; a test holds them to WCAG's AA."""

_VARIABLES = " ".join(
    f"--{name}: light-dark({light}, {dark});" for name, (light, dark) in PALETTE.items()
)

STYLE = (
    f":root {{ color-scheme: light dark; {_VARIABLES} }}"
    + """
@media (prefers-color-scheme: light) { :root:has(#theme:checked) { color-scheme: dark; } }
@media (prefers-color-scheme: dark) { :root:has(#theme:checked) { color-scheme: light; } }
body { font: 15px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; color: var(--ink);
  background: var(--ground); max-width: 64rem; margin: 2.2rem auto; padding: 0 1.2rem; }
a { color: var(--link); }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .4rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .8rem; border-bottom: 1px solid var(--line);
  padding-bottom: .25rem; }
h3 { font-size: 1.02rem; margin: 1.7rem 0 .5rem; } h4 { font-size: .95rem; margin: 0 0 .5rem; }
section, article { scroll-margin-top: 1rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .4rem;
  background: var(--ground); padding: .3rem .6rem; z-index: 2; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
header { position: relative; } header h1 { padding-right: 8.5rem; }
.theme { position: absolute; top: .35rem; right: 0; margin: 0; font-size: .82rem;
  color: var(--soft); }
.theme label { display: flex; align-items: center; gap: .35rem; cursor: pointer;
  padding: .2rem 0; }
.disclaimer { color: var(--notice); background: var(--notice-ground);
  border: 1px solid var(--notice); border-radius: 6px; padding: .45rem .8rem; font-size: .9rem;
  margin: .6rem 0 1rem; }
nav { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .7rem 1rem; margin: 1rem 0 1.4rem; font-size: .9rem; }
nav ul { list-style: none; margin: 0; padding: 0; columns: 15rem; column-gap: 1.6rem; }
nav li { break-inside: avoid; padding: .14rem 0; }
nav .first { columns: auto; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem;
  border-bottom: 1px solid var(--line); padding-bottom: .45rem; margin-bottom: .45rem;
  font-weight: 600; }
.scroll { overflow: auto; margin: .8rem 0; }
.long { max-height: 34rem; border: 1px solid var(--line); border-radius: 6px; padding: 0 .8rem; }
.notes { font-size: .82rem; color: var(--soft); margin: -.4rem 0 1rem; }
table { border-collapse: collapse; font-size: .92rem; }
caption { text-align: left; font-size: .85rem; color: var(--soft); padding-bottom: .3rem; }
th, td { text-align: left; padding: .32rem 1rem .32rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; } tbody th { font-weight: 400; }
thead th, thead td { position: sticky; top: 0; background: var(--ground); }
td.number { font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; }
figcaption { font-size: .85rem; color: var(--soft); max-width: 46rem; margin-top: .25rem; }
img { max-width: 100%; height: auto; background: #fff; border-radius: 4px; }
.row { display: flex; gap: 1.4rem; flex-wrap: wrap; align-items: flex-start; margin: 1.2rem 0; }
.row figure { margin: 0; } .row > div { flex: 1 1 20rem; }
.supported { background: var(--supported); --edge: var(--supported-edge); }
.contradicted { background: var(--contradicted); --edge: var(--contradicted-edge); }
.unsupported { background: var(--unsupported); --edge: var(--unsupported-edge); }
.missed { background: var(--missed); --edge: var(--missed-edge); }
.supported, .contradicted, .unsupported, .missed { border-radius: 3px; padding: 0 .2rem;
  color: var(--ink); border-bottom: 2px solid var(--edge); -webkit-box-decoration-break: clone;
  box-decoration-break: clone; }
.contradicted { border-bottom-style: double; border-bottom-width: 4px; }
.unsupported { border-bottom-style: dotted; } .missed { border-bottom-style: dashed; }
.headline { display: grid; gap: 1rem; margin: 1.1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); }
.headline div { border: 1px solid var(--line); border-radius: 8px; padding: .6rem 1rem; }
.headline b { display: block; font-size: 1.5rem; line-height: 1.3; }
.headline span { font-size: .82rem; color: var(--soft); }
details { border: 1px solid var(--line); border-radius: 8px; padding: .1rem 1rem; margin: 1rem 0; }
summary { cursor: pointer; padding: .5rem 0; font-weight: 600; }
.shown { border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1.1rem;
  margin: 1rem 0; }
.shown .row { margin: .6rem 0; gap: 1rem; } .shown .row figure { flex: 0 1 18.5rem; }
.shown dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .9rem; margin: 0; }
.shown dt { color: var(--soft); } .shown dd { margin: 0; overflow-wrap: anywhere; }
.shown dd p { margin: 0; }
@media (max-width: 40rem) { body { margin: 1rem auto; }
  header h1 { padding-right: 0; } .theme { position: static; margin: 0; }
  tbody td, thead th { min-width: 5.5rem; }
  .shown dl { grid-template-columns: 1fr; } .shown dd { margin-bottom: .4rem; } }
@media print { :root, :root:has(#theme:checked) { color-scheme: light; }
  body { margin: 0; max-width: none; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
  .theme, .skip { display: none; } h2, h3, h4 { break-after: avoid; }
  .scroll { overflow: visible; max-height: none; border: 0; padding: 0; }
  thead th, thead td { position: static; }
  figure, .row, .shown, tr { break-inside: avoid; } .shown .row figure { flex-basis: 30%; }
  details::details-content { content-visibility: visible; display: block; height: auto; } }
"""
)
