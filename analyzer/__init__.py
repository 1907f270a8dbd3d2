"""One file in, one result out: decodes a file as a stream, measures it, and never holds it whole.

The analyzer knows Redis only through `offbeat.run`, and Kubernetes only through its exit codes.
"""
