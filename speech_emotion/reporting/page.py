"""What pages of HTML that need nothing beside them are made with: one style, tables, pictures."""

import base64
import tempfile
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from speech_emotion.reporting import figures

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"

Row = tuple[tuple[str, ...], bool]
"""What a row of a table is about and its cells; and whether it is set in bold."""


def render(template: str, **values: Any) -> str:
    """A page as HTML.

    Parameters
    ----------
    template : str
        Name of a file beside this one, which extends ``page.html.jinja``.
    **values
        What the template asks for.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def signed(number: float, digits: int) -> str:
    """A number with its sign, such as "+1.5", and 0 without."""
    rounded = round(number, digits)
    return f"{rounded:{'+' if rounded else ''}.{digits}f}".replace("-", MINUS)


def data_uri(content: bytes, kind: str) -> str:
    """A file as an address that holds it.

    Parameters
    ----------
    content : bytes
        The file.
    kind : str
        Its media type, such as "audio/flac".
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture_uri(figure: Figure) -> str:
    """A picture as an address that holds it as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        figures.save(figure, path)
        return data_uri(path.read_bytes(), "image/png")
