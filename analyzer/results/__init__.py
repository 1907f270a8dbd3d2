"""From findings to the result: rounded, named, and with the reason of each missing value."""
