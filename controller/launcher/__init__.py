"""Where attempts run: Jobs of a cluster, or child processes of this machine."""
