"""Feature functions: one body for whole columns and for the rows of one request."""
