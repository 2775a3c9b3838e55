package dev.seedbed.controlplane.quota.internal;

import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.Subject;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Limits of subjects as array parameters of a statement, one element for each limit. */
final class LimitColumns {

    private LimitColumns() {}

    private record Row(Subject subject, Limit limit) {}

    /** @return subjects, units, windows, amounts and durabilities */
    static Map<String, Object> of(Map<Subject, List<Limit>> limits) {
        var rows = limits.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(limit -> new Row(entry.getKey(), limit)))
                .toList();
        return Map.of(
                "subjects", texts(rows, row -> row.subject().toString()),
                "units", texts(rows, row -> row.limit().unit().name()),
                "windows", texts(rows, row -> row.limit().window().name()),
                "amounts", rows.stream().map(row -> row.limit().amount()).toArray(Long[]::new),
                "durabilities", texts(rows, row -> row.limit().durability().name()));
    }

    private static String[] texts(List<Row> rows, Function<Row, String> column) {
        return rows.stream().map(column).toArray(String[]::new);
    }
}
