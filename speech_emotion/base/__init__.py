"""What everything else stands on: errors, files, the user's cache, worker processes."""
