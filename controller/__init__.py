"""The controller: queue → Jobs, Jobs → settled results.

It never decodes audio and never parses a result; the analyzer is a container image to it.
"""
