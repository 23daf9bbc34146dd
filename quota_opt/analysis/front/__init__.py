"""Trade-off fronts of two to four measures, and what proves that no point is lacking."""
