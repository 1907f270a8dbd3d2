"""How right Offbeat is, on material that nothing was tuned on, beside its peers."""
