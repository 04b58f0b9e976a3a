"""Contract tests of the responses of Letta 0.16.8, which run on the embedded server and on a real one."""
