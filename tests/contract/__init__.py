"""The contract: what a Letta 0.16.8 answers, tested on the embedded server and, by the same tests, on a real one."""
