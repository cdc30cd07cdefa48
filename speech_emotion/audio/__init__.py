"""Signals: files in and out, cleaning, spectra, pitch, and variants of recordings."""
