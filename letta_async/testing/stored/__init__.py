"""Resources that the embedded server stores and returns, but that change nothing else."""
