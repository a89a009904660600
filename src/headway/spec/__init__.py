"""WANTED: what a team declares, as frozen values, and how the file becomes those values."""
