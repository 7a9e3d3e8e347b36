"""`python -m frsdk`."""

from .commands.cli import main

if __name__ == "__main__":
    main(prog_name="frsdk")
