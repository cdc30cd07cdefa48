"""Recordings and features on disk: sources, corpora, datasets, splits."""
