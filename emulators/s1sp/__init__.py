"""The emulator of an S1SP: one program, three configurations."""
