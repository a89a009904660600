"""Fitting models and their baselines."""
