"""Reports on a model: scores with their uncertainty, figures, the model card."""
