"""From onset strengths to tempo, beats and bars, as one straight line of steps.

pulse → octave → activation → tracking → lines → bars; `rhythm.py` goes that way.
"""
