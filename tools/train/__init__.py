"""Training of the analyzer's small models: material with exact truth. Development only."""
