"""Right and wrong, side by side: the same cases for Polyloom and two other bridges."""
