"""Where bytes lie: stores of bytes by key."""
