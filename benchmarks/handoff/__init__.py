"""From LPUSH to a Job and to its result, through the chart, on a kind cluster."""
