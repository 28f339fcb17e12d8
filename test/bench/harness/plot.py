# SPDX-License-Identifier: GPL-2.0-only
"""Draws curves as an SVG that needs nothing beside itself and is read on light and dark pages."""

import dataclasses
import math
import pathlib
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
WIDTH, HEIGHT = 400, 300  # of a picture, in pixels
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 56, 52  # around its frame
Y_STEPS = 5  # about so many lines across
WHISKER = 3  # half its width
LIGHT = {"back": "#ffffff", "ink": "#24292f", "faint": "#d0d7de",
         "lines": ("#0b62c4", "#b35900", "#1a7f37", "#8250df")}
DARK = {"back": "#0d1117", "ink": "#e6edf3", "faint": "#3d444d",
        "lines": ("#6cb6ff", "#ffb26b", "#6bd98a", "#c9a6ff")}
LINES_MOST = len(LIGHT["lines"])


def colours(palette):
    """CSS rules. No variables: not every viewer knows them."""
    rules = [f".back {{ fill: {palette['back']} }}", f"text {{ fill: {palette['ink']} }}",
             f".grid {{ stroke: {palette['faint']} }}"]
    for number, colour in enumerate(palette["lines"]):
        rules += [f".line{number} {{ stroke: {colour} }}", f".dot{number} {{ fill: {colour} }}"]
    return "\n".join(rules)


STYLE = f"""
text {{ font: 12px sans-serif }}
.title {{ font-weight: bold }}
.line {{ fill: none; stroke-width: 2 }}
.spread {{ stroke-width: 1 }}
{colours(LIGHT)}
@media (prefers-color-scheme: dark) {{
{colours(DARK)}
}}
"""


def element(parent, tag, text=None, **attributes):
    made = ElementTree.SubElement(parent, tag, {
        name.replace("_", "-").strip("-"): f"{value:.1f}" if isinstance(value, float)
        else str(value) for name, value in attributes.items()})
    made.text = text
    return made


def short(number):
    """10000: "10k"; 4096: "4,096"."""
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if number >= size and number % size == 0:
            return f"{number // size}{letter}"
    return f"{number:,}"


def step_of(most):
    """A round number that goes about Y_STEPS times into `most`."""
    rough = most / Y_STEPS
    size = 10 ** math.floor(math.log10(rough))
    return next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough)


@dataclasses.dataclass
class Axes:
    """From values to pixels: the scale logarithmic, the cost from zero on."""

    least: float
    most: float
    top: float  # cost at the upper edge, a whole number of steps
    step: float

    @classmethod
    def around(cls, curves):
        scales = [scale for curve in curves for scale in curve.points]
        highest = max(max(values) for curve in curves for values in curve.points.values())
        step = step_of(highest)
        return cls(min(scales), max(scales), step * math.ceil(highest / step), step)

    def x(self, scale):
        share = (math.log(scale / self.least) / math.log(self.most / self.least)
                 if self.most > self.least else 0.5)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, cost):
        return HEIGHT - BOTTOM - cost / self.top * (HEIGHT - TOP - BOTTOM)


def draw_axes(group, axes, curves):
    for number in range(round(axes.top / axes.step) + 1):
        cost = number * axes.step
        y = axes.y(cost)
        element(group, "line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
        element(group, "text", f"{cost:,g}", x=LEFT - 6, y=y + 4.0, text_anchor="end")
    for scale in sorted({scale for curve in curves for scale in curve.points}):
        x = axes.x(scale)
        element(group, "line", x1=x, x2=x, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM + 4,
                class_="grid")
        element(group, "text", short(scale), x=x, y=HEIGHT - BOTTOM + 18, text_anchor="middle")
    element(group, "text", f"{curves[0].scale} (logarithmic)", x=(LEFT + WIDTH - RIGHT) / 2,
            y=HEIGHT - 12, text_anchor="middle", class_="scale")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    element(group, "text", curves[0].unit, x=14, y=middle, text_anchor="middle", class_="unit",
            transform=f"rotate(-90 14 {middle:.1f})")


def draw_curve(group, axes, curve, number):
    points = [(axes.x(scale), axes.y(cost)) for scale, cost in curve.medians().items()]
    for scale, values in curve.points.items():
        x, low, high = axes.x(scale), axes.y(min(values)), axes.y(max(values))
        element(group, "path", d=f"M{x:.1f} {low:.1f}V{high:.1f}M{x - WHISKER:.1f} {low:.1f}"
                f"h{2 * WHISKER}M{x - WHISKER:.1f} {high:.1f}h{2 * WHISKER}",
                class_=f"line line{number} spread")
    element(group, "polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
            class_=f"line line{number}", stroke_dasharray="none" if number == 0 else "6 3")
    for x, y in points:
        element(group, "circle", cx=x, cy=y, r=3, class_=f"dot{number}")


def draw_legend(group, curves):
    x = LEFT
    for number, curve in enumerate(curves):
        element(group, "circle", cx=x + 4, cy=TOP - 16, r=4, class_=f"dot{number}")
        element(group, "text", curve.name, x=x + 12, y=TOP - 12)
        x += 30 + 7 * len(curve.name)


def draw_picture(parent, curves, left):
    if len(curves) > LINES_MOST:
        raise ValueError(f"{len(curves)} lines in a picture, {LINES_MOST} at most")
    group = element(parent, "g", transform=f"translate({left} 0)")
    element(group, "text", f"Cost of {curves[0].title}", x=LEFT, y=22, class_="title")
    axes = Axes.around(curves)
    draw_axes(group, axes, curves)
    for number, curve in enumerate(curves):
        draw_curve(group, axes, curve, number)
    draw_legend(group, curves)


def svg(curves):
    """Text of the drawing: the pictures side by side."""
    pictures = {}
    for curve in curves:
        pictures.setdefault((curve.title, curve.scale), []).append(curve)
    width = WIDTH * len(pictures)
    root = ElementTree.Element("svg", {
        "xmlns": SVG, "viewBox": f"0 0 {width} {HEIGHT}", "width": str(width),
        "height": str(HEIGHT), "role": "img"})
    root.append(ElementTree.Comment(" SPDX-License-Identifier: GPL-2.0-only "))
    element(root, "title", "; ".join(f"cost of {title}, with so many {scale}"
                                     for title, scale in pictures))
    element(root, "style", STYLE)
    element(root, "rect", width=width, height=HEIGHT, class_="back")
    for number, of in enumerate(pictures.values()):
        draw_picture(root, of, number * WIDTH)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def write(path, curves):
    pathlib.Path(path).write_text(svg(curves))
