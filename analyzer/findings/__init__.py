"""What the features say: typed, at full precision, without prose. `findings.py` holds them all."""
