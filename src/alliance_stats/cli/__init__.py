"""alliance-stats, the command line: it reads options, calls the library and prints.

A thin door without statistics. Options are read by argparse of the standard library: the program
starts at once, needs no further package, and its help is plain ASCII that every terminal shows.
numpy and the models load when a command runs.
"""

from alliance_stats._base.lazy import attach

NAMES = {"main": "alliance_stats.cli.program"}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
