"""Values to text and JSON; works nothing out."""
