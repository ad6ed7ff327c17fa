"""`python -m emulators.s1sp --config FILE`."""

import sys

from emulators.config import S1SPConfig
from emulators.s1sp.program import S1SPEmulator
from emulators.serve import command_line

if __name__ == "__main__":
    sys.exit(command_line("emulators.s1sp", S1SPConfig, S1SPEmulator, sys.argv[1:]))
