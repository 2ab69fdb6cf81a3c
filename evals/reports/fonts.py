"""Which letters a PDF can be set in: by fonts of the installed packages, never by the system's.

The same record then looks the same on every machine. matplotlib carries DejaVu Sans (Latin, Greek,
Cyrillic, Arabic, Hebrew and more); Noto Sans CJK (Chinese, Japanese, Korean) is an extra package.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

TEXT = "Libertinus Serif"  # comes with typst
FALLBACKS = ("DejaVu Sans", "Noto Sans CJK SC")
CJK_PACKAGE = "noto_cjk_sans_otc"
# Joiners and selectors draw nothing of their own.
_SILENT = frozenset("\n\t\r\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff\u00ad")


@lru_cache(maxsize=1)
def font_files() -> tuple[Path, ...]:
    """Return the font files to set type with, beside those within typst."""
    found = [*_folder("matplotlib", "mpl-data/fonts/ttf", "DejaVuSans.ttf")]
    return (*found, *_folder(CJK_PACKAGE, "", "*.ttc"))


def font_folders() -> list[str]:
    """Return the folders of these files."""
    return list(dict.fromkeys(str(path.parent) for path in font_files()))


def unset_letters(text: str) -> str:
    """Return the letters of a text that no font has, each once, in their order."""
    letters = dict.fromkeys(text)
    return "".join(each for each in letters if each > "\u024f" and not _is_known(each))


def _is_known(letter: str) -> bool:
    return letter in _SILENT or ord(letter) in _covered()


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    """Return the code points of all fallback fonts; once in a process."""
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415 - only exports need it

    points: set[int] = set()
    for path in font_files():
        points |= FT2Font(str(path)).get_charmap().keys()
    return frozenset(points)


def _folder(package: str, inside: str, pattern: str) -> list[Path]:
    found = find_spec(package)
    if found is None or found.origin is None:
        return []
    return sorted((Path(found.origin).parent / inside).glob(pattern))
