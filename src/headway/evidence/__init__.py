"""Checks: metrics, slices, gates, reports."""
