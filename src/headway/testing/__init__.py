"""Fakes, fault makers and conformance suites, for Headway's tests and its users'."""
