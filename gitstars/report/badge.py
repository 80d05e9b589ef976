"""A badge with a number of stars, and a picture that says why there is none. Pure."""

from html import escape

from gitstars.report.chart import FONT, say_stars, short

#: The height of a badge, the room beside its texts, and the width of a character (pixels).
HEIGHT, PADDING, CHARACTER = 20, 6, 6.6
#: The size of a picture that only says something (pixels).
NOTICE_WIDTH, NOTICE_HEIGHT = 480, 60


def draw_badge(stars: int) -> str:
    """How many stars there are, as the badges of a README look."""
    label, number = "stars", short(stars)
    left, right = (len(text) * CHARACTER + 2 * PADDING for text in (label, number))
    told, middle = say_stars(stars), HEIGHT / 2 + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:.0f}" height="{HEIGHT}" '
        f'role="img" aria-label="{told}"><title>{told}</title>'
        f"<style>text{{font:11px {FONT};fill:#fff;text-anchor:middle}}</style>"
        f'<rect width="{left + right:.0f}" height="{HEIGHT}" rx="3" fill="#4b535d"/>'
        f'<path d="M{left:.0f} 0h{right - 3:.0f}a3 3 0 0 1 3 3v{HEIGHT - 6}a3 3 0 0 1-3 3'
        f'h-{right - 3:.0f}z" fill="#0969da"/>'
        f'<text x="{left / 2:.1f}" y="{middle}">{label}</text>'
        f'<text x="{left + right / 2:.1f}" y="{middle}">{number}</text></svg>\n'
    )


def draw_notice(text: str) -> str:
    """A picture of one sentence, for light and dark pages."""
    told = escape(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {NOTICE_WIDTH} {NOTICE_HEIGHT}" '
        f'width="{NOTICE_WIDTH}" height="{NOTICE_HEIGHT}" role="img" aria-labelledby="t">'
        f'<title id="t">{told}</title><style>text{{font:14px {FONT};fill:#57606a}}'
        ".page{fill:#fff;stroke:#d8dee4}@media(prefers-color-scheme:dark){text{fill:#9198a1}"
        ".page{fill:#0d1117;stroke:#3d444d}}</style>"
        f'<rect class="page" x=".5" y=".5" width="{NOTICE_WIDTH - 1}" height="{NOTICE_HEIGHT - 1}" '
        f'rx="6"/><text x="{NOTICE_WIDTH / 2}" y="{NOTICE_HEIGHT / 2 + 5}" '
        f'text-anchor="middle">{told}</text></svg>\n'
    )
