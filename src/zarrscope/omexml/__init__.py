"""The OME data model as far as pixels need it, from and to OME-XML."""
