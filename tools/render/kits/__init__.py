"""Drum kits by synthesis: one for each side, so that nobody is examined on what they know."""
