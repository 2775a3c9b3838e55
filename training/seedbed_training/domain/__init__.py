"""Generated Java micro-functions: compositions, their Javadoc, their Java and their meaning.

A composition is a tuple of operations (source, steps, terminal, post, guard). One composition has
many renderings (phrasings and code styles); its meaning is evaluated in Python, apart from any
Java text, so that each rendering can be checked by running it.
"""
