"""Anything that can be read: one module a format."""
