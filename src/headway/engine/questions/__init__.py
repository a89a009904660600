"""What people ask of a product: its state, its past, why a node runs, where a value came from; reads, never writes."""
