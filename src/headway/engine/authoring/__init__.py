"""Helps people write a product: a first one from a table, contracts proposed, tried and taken over."""
