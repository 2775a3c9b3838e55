package dev.seedbed.controlplane.quota.bounds;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.quota.Bound;
import dev.seedbed.controlplane.quota.internal.Owned;
import dev.seedbed.controlplane.wire.SeedbedException;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping({Owned.TENANT, Owned.PROJECT, Owned.KEY})
@Tag(
        name = "Bounds",
        description = "How much context and output, and which modes, policies and knobs, a request may ask for.")
class BoundsController {

    private final BoundsAdministration administration;

    BoundsController(BoundsAdministration administration) {
        this.administration = administration;
    }

    @GetMapping("/bounds")
    @Operation(operationId = "get{Owner}Bounds", summary = "Shows a {owner}'s bounds")
    BoundsView get(Owned owned) {
        return BoundsView.of(administration.get(owned));
    }

    @PutMapping("/bounds")
    @Operation(
            operationId = "set{Owner}Bounds",
            summary = "Sets a {owner}'s own bounds, in force within half a second",
            description =
                    "They win over the plan's of the same name. All bounds of key, project and tenant hold at once.")
    BoundsView set(Owned owned, @RequestBody OwnBounds own, Operator operator) {
        return BoundsView.of(administration.set(owned, BoundsCheck.of(own.bounds()), operator));
    }

    record OwnBounds(
            @JsonProperty(value = "bounds", required = true)
            @Schema(
                    description =
                            "Instead of all that were set before. Of context_tokens and max_tokens only `max`; of mode and"
                                    + " policy `allowed`; of threshold, steps, edit_threshold, edit_rounds, block_size,"
                                    + " draft_length, temperature and top_p `min`, `max` or both")
            Map<String, @Nullable Bound> bounds) {

        OwnBounds {
            if (bounds == null) {
                throw SeedbedException.invalid("bounds", "bounds is missing (expected: an object)");
            }
        }
    }

    @Schema(name = "Bounds")
    record BoundsView(
            @Schema(description = "Set for the subject itself")
            Map<String, Bound> own,

            @Schema(description = "Of its plan, if it has one") @Nullable
            Map<String, Bound> plan,

            @JsonProperty("in_force") @Schema(description = "What they come to")
            Map<String, Bound> inForce) {

        static BoundsView of(BoundsSql.OfSubject found) {
            var plan = found.plan();
            return new BoundsView(
                    BoundsJson.view(found.own()),
                    plan == null ? null : BoundsJson.view(plan),
                    BoundsJson.view(found.inForce()));
        }
    }
}
