"""Which release of the public prices is installed, told without loading them."""

from importlib.metadata import version


def edition() -> str:
    """Return "genai-prices 0.2.3"."""
    return f"genai-prices {version('genai-prices')}"
