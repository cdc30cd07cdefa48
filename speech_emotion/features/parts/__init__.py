"""What several kinds of features share."""
