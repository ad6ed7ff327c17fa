"""An example: an adapter between the emulated DSP and an S1SP that speaks a protocol of its own."""
