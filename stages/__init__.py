"""The seven stages of the pipeline, in the order the data takes them, and prediction after them."""
