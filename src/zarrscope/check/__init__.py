"""Is it right? Documents, structure and pixels of a hierarchy, judged by the table of rules."""
