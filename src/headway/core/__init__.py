"""Ground everyone stands on: digests, ids, clock, quantities. Knows nothing of products."""
