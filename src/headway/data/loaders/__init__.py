"""One loader for each kind of place that rows come from; found by what `load:` says."""
