"""The embedded corpus: synthetic speakers that code makes in seconds."""
