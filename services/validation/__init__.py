"""Whether a result is more than luck: the tests that a chosen run has to pass.

Pure functions of arrays of returns, fractions and never percent; None where something is
undefined, which is never a sign of skill.
"""
