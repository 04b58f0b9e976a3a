"""Python functions as tools of agents: description for the model, run of a call, loop of calls."""
