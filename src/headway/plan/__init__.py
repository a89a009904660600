"""Planning: pure functions of (what is wanted, what is there, what happened, now)."""
