"""One module a corpus: where it is published, under which licence, and what its file names say."""
