"""What the sync facade promises beyond its methods: threads, forks, Ctrl-C, the end of the interpreter."""
