// Empty: the target of the headers that CHROMASONIC_QUICK_TESTS compiles once.
