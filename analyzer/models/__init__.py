"""Coefficients that were trained: small files, each made by a script in `tools/train`."""
