"""What several networks share: layers, crops and statistics of their inputs."""
