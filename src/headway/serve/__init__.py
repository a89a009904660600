"""The data plane: answers requests from bundles on disk, needs no ledger."""
