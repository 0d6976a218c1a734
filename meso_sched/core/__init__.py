"""The rules of time: pure functions of their arguments, with no clock, file, network or screen."""
