"""TIFF in all its flavours: structure by tifffile, pixels by our own reading of segments."""
