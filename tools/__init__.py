"""What developers need and no image holds: renderers of music, and the training of the models."""
