"""How right and how fast Offbeat is, measured from outside."""
