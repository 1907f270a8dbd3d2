"""The key and the tuning: pitches → notes → chords → evidence → the likeliest key."""
