"""The queue page: state, Reconnect, timer, way back."""
