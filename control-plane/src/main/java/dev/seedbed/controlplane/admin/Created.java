package dev.seedbed.controlplane.admin;

import java.net.URI;
import org.springframework.http.ResponseEntity;

/** The answer of an operation that has made something. */
public final class Created {

    private Created() {}

    /** @param path of what was made, below {@code /admin/v1} */
    public static <T> ResponseEntity<T> at(String path, T body) {
        return ResponseEntity.created(URI.create("/admin/v1/" + path)).body(body);
    }
}
