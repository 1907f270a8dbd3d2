"""How fast and how small the analyzer is as a whole process on one core, beside its peers."""
