"""Durations, sizes, percentages and rates: one parser and one printer for each.

Durations are `timedelta`, sizes are whole bytes, percentages are shares between 0 and 1, rates
are events per second.
"""
