"""Reads the working tree into one frozen value: code, data files, libraries."""
