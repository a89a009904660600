"""Feature groups over time: their commits, their contract, those of other products, and who reads them."""
