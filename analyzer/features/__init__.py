"""Compact features of the sound, one row for every 100 ms: what survives of a file once it is decoded."""
