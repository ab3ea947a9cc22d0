"""Running a command: its exit code, and one message whatever goes wrong."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from alliance_stats._base.errors import AllianceStatsError
from alliance_stats.cli.lines import forget_output, messages_as_lines, tell, write
from alliance_stats.cli.options import parser

FINE, REFUSED, BUG, INTERRUPTED, PIPE_CLOSED = 0, 1, 70, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (by default the command line's) and return the exit code.

    0 fine; 1 the data or an option cannot be used, or something is wrong in a paper; 70 an error
    of the program; 130 stopped with Ctrl-C. SystemExit with 2 for a mistyped command, with 0 after
    ``--help`` and ``--version``.
    """
    debug = os.environ.get("ALLIANCE_STATS_DEBUG", "0") not in ("", "0")
    try:
        args = parser().parse_args(argv)
        debug = debug or args.debug
        with messages_as_lines(debug):
            code = args.run(args)
        print(end="", flush=True)
    except AllianceStatsError as error:
        return _refused(str(error))
    except BrokenPipeError:  # as with `alliance-stats check file.csv | head`
        forget_output()
        return PIPE_CLOSED
    except OSError as error:
        forget_output()
        what = f"'{error.filename}'" if error.filename else "the output"
        return _refused(f"{what} cannot be read or written: {error.strerror or error}.")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _bug(error, debug)
    return code or FINE


def _refused(message: str) -> int:
    tell(f"Error: {message}")
    return REFUSED


def _bug(error: Exception, debug: bool) -> int:
    """One line without the error's text, which may show cells; the traceback if asked for."""
    if debug:
        write("".join(traceback.format_exception(error)).rstrip(), sys.stderr)
    advice = "the lines above" if debug else "what the same command prints with --debug"
    tell(
        f"Error: the program failed ({type(error).__name__}). That is a mistake in alliance_stats, "
        f"not yours: please report it with {advice}, after removing any data of patients."
    )
    return BUG
