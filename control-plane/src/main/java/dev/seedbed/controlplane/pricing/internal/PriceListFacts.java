package dev.seedbed.controlplane.pricing.internal;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A price list and its newest version, as the admin API and the audit log show it. */
@Schema(name = "PriceList")
record PriceListFacts(
        @JsonIgnore UUID id,
        String name,
        Currency currency,

        @JsonProperty("is_default") @Schema(description = "Holds for tenants without a list of their own")
        boolean isDefault,

        @Schema(description = "Of the newest version; 0: none was published, the list costs nothing")
        int version,

        @JsonProperty("publish_time") @Nullable Instant publishTime,
        RatesView rates) {

    String path() {
        return "price_lists/" + name;
    }
}
