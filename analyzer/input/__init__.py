"""From a path in a message to blocks of samples: nothing about music is decided here."""
