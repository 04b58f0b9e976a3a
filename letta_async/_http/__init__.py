"""HTTP side of a call: request, attempts, limiter, exchange, response."""
