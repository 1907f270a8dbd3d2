"""The instruments and the mixing desk on which training and examination play.

Here is how sound is made, never what is played: grooves, progressions, melodies, seeds and sound
fonts belong to `tools.train` and to `benchmarks.accuracy`, which do not know each other.
"""
