"""``python -m smets1_conformance``."""

from smets1_conformance.cli import main

if __name__ == "__main__":
    main()
