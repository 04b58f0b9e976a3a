"""Tests of the OpenTelemetry spans and metrics."""
