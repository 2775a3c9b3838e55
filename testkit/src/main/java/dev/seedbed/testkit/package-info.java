/** Real things for tests: a PostgreSQL server, an inference server scripted by the test. Only tests depend on it. */
@NullMarked
package dev.seedbed.testkit;

import org.jspecify.annotations.NullMarked;
