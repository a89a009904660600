"""A release on disk, and the route file that says which releases are served."""
