"""Stores over HTTP: any Zarr client can read them, and the viewer does."""
