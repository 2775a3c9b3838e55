package dev.seedbed.testkit.paced;

/** What is called under load. Thread-safe. */
interface Target extends AutoCloseable {

    /**
     * Makes one call and reads its answer to the end.
     *
     * @return {@link System#nanoTime} when the first token was there; of a whole answer, when it began
     * @throws CallFailedException the answer was another than expected
     */
    long call() throws Exception;

    @Override
    void close();

    /** Its message groups failures of one kind. */
    final class CallFailedException extends Exception {
        private static final long serialVersionUID = 1;

        CallFailedException(String kind) {
            super(kind);
        }
    }
}
