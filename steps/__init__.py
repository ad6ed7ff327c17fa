"""How a sentence of a feature is carried out: step definitions by actor, and the wiring into pytest."""
