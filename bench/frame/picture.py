"""The picture: one panel a row, one bar a figure, drawn as plain SVG."""

from collections.abc import Sequence
from html import escape

from frame.figure import Figure
from frame.number import text
from frame.row import Outcome

WIDTH, MARGIN, LABELS, BARS = 760, 20, 230, 380  # pixels
LINE, BAR, HEAD, GAP = 22, 14, 46, 18
OURS, THEIRS, INK, FAINT = "#4f46e5", "#94a3b8", "#0f172a", "#64748b"
FONT = "font-family='ui-sans-serif, system-ui, sans-serif'"


def _text(x: float, y: float, words: str, size: int = 13, fill: str = INK, weight: int = 400) -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{fill}' font-weight='{weight}'"
    return f"<text {place}>{escape(words)}</text>"


def _bar(figure: Figure, y: float, greatest: float) -> list[str]:
    label = _text(MARGIN, y + BAR - 2, figure.label)
    left = MARGIN + LABELS
    if figure.missing:
        return [label, _text(left, y + BAR - 2, "missing", fill=FAINT)]
    width = max(1.0, BARS * figure.median / greatest)
    fill = OURS if figure.label.startswith("polyloom") else THEIRS
    shape = f"<rect x='{left}' y='{y:.1f}' width='{width:.1f}' height='{BAR}' rx='2' fill='{fill}'/>"
    return [
        label,
        shape,
        _text(left + width + 8, y + BAR - 2, f"{text(figure.median)} {figure.unit}", fill=FAINT),
    ]


def _panel(outcome: Outcome, top: float) -> list[str]:
    verdict = outcome.verdicts[0]
    facts = (text(verdict.ratio), f"target {verdict.check.target}", verdict.words)
    ratio = f"{verdict.check.title}: {', '.join(facts)}"
    parts = [
        _text(MARGIN, top + 16, f"{outcome.row.id}  {outcome.row.title}", 15, weight=600),
        _text(MARGIN, top + 34, ratio, 12, FAINT),
    ]
    for place, figure in enumerate(outcome.figures.values()):
        parts += _bar(figure, top + HEAD + place * LINE, _greatest(outcome, figure.unit))
    return parts


def _greatest(outcome: Outcome, unit: str) -> float:
    alike = [figure.median for figure in outcome.figures.values() if figure.unit == unit and not figure.missing]
    return max(alike, default=0.0) or 1.0


def draw(outcomes: Sequence[Outcome]) -> str:
    parts: list[str] = []
    top = float(MARGIN)
    for outcome in outcomes:
        parts += _panel(outcome, top)
        top += HEAD + LINE * len(outcome.figures) + GAP
    size = f"width='{WIDTH}' height='{top:.0f}' viewBox='0 0 {WIDTH} {top:.0f}'"
    ground = "<rect width='100%' height='100%' fill='#ffffff'/>"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>\n" + "\n".join([ground, *parts]) + "\n</svg>\n"
