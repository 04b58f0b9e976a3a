"""Send one call over HTTP: request, attempts, limiter, exchange, response."""
