package dev.seedbed.controlplane.pricing;

import java.math.BigInteger;

/**
 * What work costs, in millionths of a currency: per million tokens and positions, and per request.
 *
 * @param cachedInputTokens of input tokens whose KV was reused, instead of their price as input; at most that
 */
public record Rates(long inputTokens, long cachedInputTokens, long outputTokens, long positions, long request) {

    /** Of each rate; a million times that is far from the range of long. */
    public static final long MOST = 1_000_000_000_000L;

    private static final BigInteger MILLION = BigInteger.valueOf(1_000_000);

    /**
     * The cost of cumulative counters of one request, rounded once, half up, to whole millionths. Since a sum is rounded and not its
     * parts, what checkpoints post one after another adds up to the cost of the whole. It never falls as counters grow, but for
     * {@code cached}, which the engine therefore tells with its first report and does not change.
     *
     * @param input tokens, the cached ones included
     * @throws ArithmeticException the cost leaves the range of long
     */
    public long cost(long input, long cached, long output, long evaluated) {
        return perMillion(input, cached, output, evaluated)
                .add(MILLION.shiftRight(1))
                .divide(MILLION)
                .add(BigInteger.valueOf(request))
                .longValueExact();
    }

    /** No less than the cost of any request with at most these counters. */
    public long atMost(long input, long output, long evaluated) {
        return Math.addExact(more(input, output, evaluated), request);
    }

    /** No less than what these counters add to the cost of a request. */
    public long more(long input, long output, long evaluated) {
        return perMillion(input, 0, output, evaluated)
                .add(MILLION.subtract(BigInteger.ONE))
                .divide(MILLION)
                .longValueExact();
    }

    private BigInteger perMillion(long input, long cached, long output, long evaluated) {
        return product(input - cached, inputTokens)
                .add(product(cached, cachedInputTokens))
                .add(product(output, outputTokens))
                .add(product(evaluated, positions));
    }

    private static BigInteger product(long count, long rate) {
        return BigInteger.valueOf(count).multiply(BigInteger.valueOf(rate));
    }
}
