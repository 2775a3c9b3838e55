package dev.seedbed.controlplane.pricing.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/** A version of a price list, as the admin API shows it; never changes. */
record PriceListVersion(
        @JsonProperty("price_list") String priceList,

        Currency currency,

        @Schema(description = "As the bill of a generation names it")
        int version,

        @JsonProperty("publish_time") Instant publishTime,
        RatesView rates) {}
