"""What has been written, and what must be there: the journal of a run, the manifest of its result."""
