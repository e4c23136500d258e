"""Anything that can be read as a store: documents invented, chunks made when they are asked for."""
