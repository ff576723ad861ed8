"""Bar charts as plain SVG: they open offline, print sharply, and the same numbers give the same bytes."""

from collections.abc import Mapping

from markupsafe import Markup

_WIDTH, _ROW, _BAR = 480, 20, 14
_LETTER = 8  # pixels of one letter of a label, at most about
_LONGEST = 27  # letters of a label; the table beside has the whole


def bar_chart(counts: Mapping[str, int], what: str) -> Markup:
    """One horizontal bar a name; `what` is said to those who cannot see it, with the largest and smallest bar."""
    labels = {name: name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in counts}
    left = max(map(len, labels.values()), default=0) * _LETTER + 20
    room = _WIDTH - left - _LETTER * len(str(max(counts.values(), default=0))) - 8
    most = max(counts.values(), default=0) or 1
    height = len(counts) * _ROW
    parts = [
        Markup('<svg viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}">').format(
            _WIDTH, height, _WIDTH, alternative(counts, what)
        )
    ]
    for place, (name, count) in enumerate(counts.items()):
        top = place * _ROW
        length = round(room * count / most, 1)
        parts.append(
            Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(left - 8, top + 14, labels[name])
            + Markup('<rect x="{}" y="{}" width="{}" height="{}"/>').format(left, top + 3, length, _BAR)
            + Markup('<text x="{}" y="{}">{}</text>').format(left + length + 6, top + 14, count)
        )
    return Markup("").join([*parts, Markup("</svg>")])


def alternative(counts: Mapping[str, int], what: str) -> str:
    """The chart in one sentence."""
    if not counts:
        return f"{what}: nothing."
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    return f"{what}: {len(counts)} bars, from {counts[least]} ({least}) to {counts[most]} ({most})."


def binned(values: list[int], width: int, unit: str = "") -> dict[str, int]:
    """How many values lie in each bin of that width, as "200–249": the empty ones between are there, too."""
    if not values:
        return {}
    bins = range(min(values) // width, max(values) // width + 1)
    counts = dict.fromkeys(bins, 0)
    for value in values:
        counts[value // width] += 1
    return {_span(number * width, width) + unit: count for number, count in counts.items()}


def _span(first: int, width: int) -> str:
    return str(first) if width == 1 else f"{first}–{first + width - 1}"
