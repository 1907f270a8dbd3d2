"""Figures from slices of the features: pure functions that never see a sample."""
