"""The command line: the only part that knows Typer, Rich, the clock and the screen."""
