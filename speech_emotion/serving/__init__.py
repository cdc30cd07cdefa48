"""A trained model at work: the recogniser, its stream, command line and page."""
