"""The command `tidings`, where nothing is loaded yet: an interrupt may come while Python still imports."""

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line and give its exit code (see cli/main)."""
    try:
        from tidings.cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return INTERRUPTED
    return run()


if __name__ == "__main__":
    sys.exit(main())
