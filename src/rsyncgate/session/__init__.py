"""Around the run of rsync: system calls live here and nowhere else."""
