"""What a user holds: a model bound to the store in which it was found."""
