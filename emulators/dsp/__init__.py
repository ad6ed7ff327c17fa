"""The emulator of the DSP."""
