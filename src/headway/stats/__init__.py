"""Statistics of columns: profiles, intervals, distances. Pure."""
