"""The contract of Offbeat, its client and its command.

This package is what producers, the controller and the analyzer share: job and result, failure
reasons, exit codes, Redis keys and scripts. It knows neither Kubernetes nor audio.
"""

__version__ = "0.1.0"
