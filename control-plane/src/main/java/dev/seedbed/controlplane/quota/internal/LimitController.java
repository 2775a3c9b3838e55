package dev.seedbed.controlplane.quota.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Durability;
import dev.seedbed.controlplane.quota.Limit;
import dev.seedbed.controlplane.quota.LimitSource;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.quota.Window;
import dev.seedbed.controlplane.quota.internal.LimitAdministration.LimitInForce;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping({Owned.TENANT, Owned.PROJECT, Owned.KEY})
@Tag(name = "Limits", description = "What a tenant, a project or a key may use of a unit in a window.")
class LimitController {

    private final LimitAdministration administration;

    LimitController(LimitAdministration administration) {
        this.administration = administration;
    }

    @GetMapping("/limits")
    @Operation(
            operationId = "list{Owner}Limits",
            summary = "Lists a {owner}'s limits in force and what was used of them")
    LimitList list(Owned owned) {
        var limits = administration.list(owned);
        return new LimitList(
                administration.plan(owned), limits.stream().map(LimitView::of).toList());
    }

    @PutMapping("/limits/{unit}")
    @Operation(
            operationId = "set{Owner}LimitForEver",
            summary = "Sets a {owner}'s limit over its whole life, effective from the next admission on",
            description = "A limit below what was used refuses new requests and cuts nothing.")
    LimitView set(Owned owned, @PathVariable("unit") Unit unit, @RequestBody LimitFields fields, Operator operator) {
        return set(owned, unit, Window.EVER, fields, operator);
    }

    @PutMapping("/limits/{unit}/{window}")
    @Operation(
            operationId = "set{Owner}Limit",
            summary = "Sets a {owner}'s limit in a window, effective from the next admission on",
            description = "A limit below what was used refuses new requests and cuts nothing.")
    LimitView set(
            Owned owned,
            @PathVariable("unit") Unit unit,
            @PathVariable("window") Window window,
            @RequestBody LimitFields fields,
            Operator operator) {
        var durability = Objects.requireNonNullElse(fields.durability(), Durability.STRICT);
        return LimitView.of(administration.set(owned, new Limit(unit, window, fields.limit(), durability), operator));
    }

    @DeleteMapping("/limits/{unit}/{window}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(operationId = "remove{Owner}Limit", summary = "Takes a {owner}'s own limit back: its plan's holds again")
    void remove(
            Owned owned, @PathVariable("unit") Unit unit, @PathVariable("window") Window window, Operator operator) {
        administration.remove(owned, new Limit.Key(unit, window), operator);
    }

    record LimitFields(
            @JsonProperty(value = "limit", required = true)
            @Schema(description = "Amount in the unit, >= 0; null: not limited", nullable = true)
            @Nullable
            Long limit,

            @Schema(description = "Absent: STRICT; money is always STRICT") @Nullable
            Durability durability) {}

    @Schema(name = "Limit")
    record LimitView(
            Unit unit,
            Window window,

            @Schema(description = "Amount in the unit; null: counted, not limited", nullable = true) @Nullable
            Long limit,

            Durability durability,

            @Schema(
                    description =
                            "OWN: set for the subject itself. PLAN: of its plan. DEFAULT: of neither, what every tenant has")
            LimitSource source,

            @Schema(description = "What was used in the present window; of MINUTE and HOUR what has not yet sunk")
            long posted,

            @Schema(description = "What requests in flight hold beyond what they have posted")
            long reserved,

            @Schema(description = "What replicas hold ahead of requests")
            long leased) {

        static LimitView of(LimitInForce found) {
            var limit = found.limit();
            var budget = found.budget();
            return new LimitView(
                    limit.unit(),
                    limit.window(),
                    limit.amount(),
                    limit.durability(),
                    found.source(),
                    budget.posted(),
                    budget.reserved(),
                    budget.leased());
        }
    }

    record LimitList(
            @Schema(description = "Name of the subject's plan") @Nullable
            String plan,

            List<LimitView> limits) {}
}
