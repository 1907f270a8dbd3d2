"""Local mode: the controller's loops on a machine without a cluster.

Analyzers are child processes. Neither kopf nor Kubernetes is needed.
"""
