"""`python -m emulators.dsp --config FILE`."""

import sys

from emulators.config import DSPConfig
from emulators.dsp.program import DSPEmulator
from emulators.serve import command_line

if __name__ == "__main__":
    sys.exit(command_line("emulators.dsp", DSPConfig, DSPEmulator, sys.argv[1:]))
