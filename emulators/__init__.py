"""Emulators of the DSP and the three S1SPs: servers that can be run alone."""
