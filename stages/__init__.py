"""The eight stages of the pipeline: what `dvc repro` runs, in the order the data takes."""
