"""The program's door: it imports nothing before it can be stopped without a traceback."""


def main() -> int:
    """Run the command line and return its exit code, 130 if stopped while it loads.

    Names load inside, so that Ctrl-C during the imports is as quiet as later.
    """
    try:
        from alliance_stats.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
