"""params.yaml as typed sections, one module a stage: an option of one never reruns another."""
