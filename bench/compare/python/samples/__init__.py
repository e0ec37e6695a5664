"""What the cases call, the same for every contestant."""
