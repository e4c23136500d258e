"""From any source to an OME-Zarr: plan, then run."""
