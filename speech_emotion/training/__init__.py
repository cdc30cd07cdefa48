"""Fits a network and keeps the result: training, calibration, the saved model."""
