"""Sources, feature groups, datasets."""
