"""What the ledger decided, brought to where it is used: servers, online stores, batches of answers."""
