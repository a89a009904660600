"""The prediction log: checksummed segments on disk, written by serving, read by everyone else."""
