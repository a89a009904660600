"""What does not fit together in a product file, room by room; names that refer are checked before."""
