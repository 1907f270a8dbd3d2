"""Other programs that answer the same questions, in an environment of their own.

They pin and drag in what Offbeat must not (numba, old setuptools), so
`python -m benchmarks.peers.install` makes `$XDG_CACHE_HOME/offbeat-peers`, and `answer.py` runs
there as a child that reads and prints JSON lines.
"""
