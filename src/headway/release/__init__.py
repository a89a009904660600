"""Bundles, promotion, rollback, stop, and what is published."""
