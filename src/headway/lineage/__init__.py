"""Where a thing came from and what came of it, read from the facts; works both ways."""
