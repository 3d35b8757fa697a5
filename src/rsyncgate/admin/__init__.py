"""What a person types: click lives here and nowhere else."""
