"""Java that people wrote: methods with Javadoc out of `-sources` jars, each once, and none that a
benchmark asks for."""
