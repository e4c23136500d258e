"""Writing images: whole units, once, and the document that makes them an image last of all."""
