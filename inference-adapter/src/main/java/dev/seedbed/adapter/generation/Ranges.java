package dev.seedbed.adapter.generation;

import dev.seedbed.adapter.wire.AdapterException;

/** Checks of single fields; the message names the field, its value and its range. NaN is in no range. */
final class Ranges {

    private Ranges() {}

    static int between(String field, int value, int least, int most) {
        return Math.toIntExact(between(field, (long) value, least, most));
    }

    static long between(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw outOfRange(field, value, least + ".." + (most == Long.MAX_VALUE ? "" : most));
        }
        return value;
    }

    static double between(String field, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw outOfRange(field, value, least + ".." + most);
        }
        return value;
    }

    static double aboveZeroUpToOne(String field, double value) {
        if (!(value > 0 && value <= 1)) {
            throw outOfRange(field, value, "(0, 1]");
        }
        return value;
    }

    private static AdapterException outOfRange(String field, Object value, String expected) {
        return AdapterException.invalid(field, field + " out of range: " + value + " (expected: " + expected + ")");
    }
}
