"""What is measured: against the original recipe, and by published protocols."""
