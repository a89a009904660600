"""Will a flight leave New York late? Features, training and cost."""
