"""Files that an analysis leaves in the output mount, beside its result."""
