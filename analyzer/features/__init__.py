"""Compact features of the sound, one row for every 100 ms: all that survives of a file."""
