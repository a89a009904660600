"""Carries out a plan: walks the graph, calls stages, records facts."""
