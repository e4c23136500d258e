"""What an OME-Zarr is: frozen values that know no version. Standard library only."""
