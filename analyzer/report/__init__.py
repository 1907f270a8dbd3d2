"""From features to the contract's figures, a file for each topic: every null one explained."""
