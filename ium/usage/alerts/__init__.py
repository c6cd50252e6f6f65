"""What alerts need of recorded use: the forecast."""
