"""What the model is told: the weather as known, and the calendar of the flight."""
