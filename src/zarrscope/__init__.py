"""One toolkit for OME-Zarr, from the microscope to the publication."""
