"""What made the numbers, with versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from alliance_stats._version import __version__


def software_words(*, figures: bool = False) -> str:
    """This library, Python and what the numbers rest on, with their versions."""
    packages = ["numpy", "scipy", "pandas", *(["matplotlib"] if figures else [])]
    named = [f"{name} {_version(name)}" for name in packages]
    parts = [f"alliance_stats {__version__}", f"Python {platform.python_version()}", *named]
    return ", ".join(parts)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
