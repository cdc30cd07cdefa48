"""What developers run by hand, through make."""
