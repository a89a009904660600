"""What was recorded, made again: a node, its artifact, the features that served a prediction."""
