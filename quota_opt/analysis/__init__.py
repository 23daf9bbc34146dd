"""What plans are compared by and explained with: every question here is asked of built models and finished plans."""
