"""What the notebooks about behaviours share: asking the server, intervals, and figures as SVG. Only Python's standard library."""

import json
import math
import os
import random
import urllib.error
import urllib.request
from html import escape
from urllib.parse import urlencode

SERVER = os.environ.get("PATCHBAY_URL", "http://127.0.0.1:7330").rstrip("/")
MODEL = "stories-15m"


def call(path, body=None, **query):
    """GET, or POST when there is a body. Problems come as RFC 9457 documents; their detail says what to do."""
    address = f"{SERVER}/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as problem:
        raise RuntimeError(json.load(problem)["detail"]) from None


class Answer:
    """What the model says next: `leading` (text, probability), and of the tokens asked for `logits` and `probabilities`."""

    def __init__(self, prompt, tokens, interventions=()):
        run = call("/runs", {
            "model": MODEL,
            "input": {"text": prompt},
            "interventions": list(interventions),
            "compute": {"logits": {"top": 1, "tokens": list(tokens)}},
        })
        logits = run["results"]["logits"]
        self.tokens = [token["text"] for token in run["tokens"][0]]
        self.leading = (run["texts"][str(logits["topIds"]["data"][0])], logits["topProbabilities"]["data"][0])
        self.logits = logits["tracked"]["logits"]["data"]
        self.probabilities = logits["tracked"]["probabilities"]["data"]

    @property
    def difference(self):
        """Logit of the first token − logit of the second."""
        return self.logits[0] - self.logits[1]


def visible(text):
    return text.replace(" ", "\u00b7").replace("\n", "\u21b5")


def mean(values):
    return sum(values) / len(values)


def mean_interval(values, draws=2000):
    """(mean, low, high): 95 % bootstrap interval over the values, always with the same seed."""
    generator = random.Random(0)
    means = sorted(mean(generator.choices(values, k=len(values))) for _ in range(draws))
    return mean(values), means[int(0.025 * draws)], means[int(0.975 * draws) - 1]


def share_interval(successes, total):
    """(share, low, high): Wilson's 95 % interval."""
    z = 1.96
    share = successes / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return share, max(0, middle - half), min(1, middle + half)


def words(interval, digits=2):
    """A mean or share with its interval, to read."""
    return "{:.{d}f} (95 %: {:.{d}f} to {:.{d}f})".format(*interval, d=digits)


def table(header, rows):
    """Prints columns; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    number = [all(isinstance(row[column], (int, float)) for row in rows) for column in range(len(header))]
    for row in cells:
        print("  ".join(cell.rjust(width) if right else cell.ljust(width)
                        for cell, width, right in zip(row, widths, number)).rstrip())


class Figure:
    """An SVG that a notebook shows by itself."""

    def __init__(self, width, height, parts):
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        style = 'font-family="Helvetica, Arial, sans-serif" font-size="11" fill="#222">'
        self.svg = "".join([head, " ", style, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"])

    def _repr_svg_(self):
        return self.svg

    def __repr__(self):
        return "A figure"


def _text(x, y, content, anchor="middle", **attributes):
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(str(content))}</text>'


def heat_map(title, rows, columns, values, digits=1):
    """Numbers in coloured cells, blue below zero and red above; `values` is a list of rows, the first one below."""
    cell, line, left, top = 50, 22, 60, 30
    limit = max(abs(value) for row in values for value in row) or 1
    width, height = max(left + cell * len(columns) + 12, left + 7 * len(title)), top + line * len(rows) + 62
    parts = [_text(left, 18, title, "start", font_weight="bold")]
    for r, (name, row) in enumerate(zip(rows, values)):
        y = top + line * (len(rows) - 1 - r)
        parts.append(_text(left - 8, y + 15, name, "end"))
        for c, value in enumerate(row):
            strength = min(1, abs(value) / limit)
            far = (33, 102, 172) if value < 0 else (178, 24, 43)
            colour = ",".join(str(round(255 + (tone - 255) * strength)) for tone in far)
            x = left + cell * c
            parts.append(f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{line - 1}" fill="rgb({colour})"/>')
            parts.append(_text(x + cell / 2, y + 15, f"{value:.{digits}f}", fill="white" if strength > 0.6 else "#222"))
    base = top + line * len(rows)
    for c, name in enumerate(columns):
        x = left + cell * c + cell / 2
        parts.append(_text(x, base + 14, name, "end", transform=f"rotate(-35 {x} {base + 10})"))
    return Figure(width, height, parts)


def curves(title, x_label, y_label, steps, series):
    """`series`: name -> list of (mean, low, high), one a step. The steps are evenly spaced and named."""
    width, height, left, right, top, bottom = 620, 280, 60, 150, 34, 46
    everything = [bound for points in series.values() for point in points for bound in point]
    low, high = min(0, *everything), max(everything)

    def x(i):
        return left + (width - left - right) * i / (len(steps) - 1)

    def y(value):
        return top + (height - top - bottom) * (high - value) / (high - low)

    parts = [_text(left, 18, title, "start", font_weight="bold")]
    for value in (low, (low + high) / 2, high):
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        parts.append(_text(left - 6, y(value) + 4, f"{value:.2f}", "end"))
    for i, step in enumerate(steps):
        parts.append(_text(x(i), height - bottom + 16, step))
    parts.append(_text((left + width - right) / 2, height - 10, x_label))
    parts.append(_text(14, (top + height - bottom) / 2, y_label,
                       transform=f"rotate(-90 14 {(top + height - bottom) / 2})"))
    for (name, points), colour in zip(series.items(), ("#b2182b", "#5a6470", "#2166ac")):
        band = [f"{x(i):.1f},{y(point[1]):.1f}" for i, point in enumerate(points)]
        band += [f"{x(i):.1f},{y(point[2]):.1f}" for i, point in reversed(list(enumerate(points)))]
        line = " ".join(f"{x(i):.1f},{y(point[0]):.1f}" for i, point in enumerate(points))
        parts.append(f'<polygon points="{" ".join(band)}" fill="{colour}" opacity="0.15"/>')
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(width - right + 8, y(points[-1][0]) + 4, name, "start", fill=colour))
    return Figure(width, height, parts)
