package dev.seedbed.controlplane.usage.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.seedbed.controlplane.quota.Reservation;
import dev.seedbed.controlplane.quota.ReservationState;
import dev.seedbed.controlplane.quota.Unit;
import dev.seedbed.controlplane.usage.GenerationRecord;
import dev.seedbed.controlplane.usage.LedgerEntry;
import dev.seedbed.controlplane.usage.Work;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A generation as the admin API shows it. */
@Schema(name = "Generation")
record GenerationView(
        @JsonProperty("request_id") UUID requestId,
        @JsonProperty("tenant_id") UUID tenantId,

        @JsonProperty("api_key_id") @Schema(description = "public_id of the key that asked")
        String apiKeyId,

        @JsonProperty("project_id")
        @Schema(description = "Of the key when it asked; null: not recorded", nullable = true)
        @Nullable
        UUID projectId,

        @JsonProperty("model_version") String modelVersion,

        @Schema(description = "Of a rollout; null: none", nullable = true) @Nullable
        String arm,

        @JsonProperty("price_list") @Schema(description = "null: it cost nothing") @Nullable
        String priceList,

        @JsonProperty("price_list_version")
        @Schema(description = "Its prices: /price_lists/{price_list}/versions/{price_list_version}")
        @Nullable
        Integer priceListVersion,

        GenerationRecord.Surface surface,

        @Schema(type = "object", description = "The options as asked for and what was reserved") @JsonRawValue
        String knobs,

        @Schema(
                type = "array",
                nullable = true,
                description = "Every limit that held, as the reservation left it; null: not recorded")
        @JsonRawValue
        @Nullable
        String limits,

        @Schema(description = "null: none is stored", nullable = true) @Nullable
        ReservationView reservation,

        GenerationRecord.State state,
        @JsonProperty("finish_reason") @Nullable String finishReason,
        @JsonProperty("finish_detail") @Nullable String finishDetail,

        @Schema(description = "As of the last checkpoint or the settlement")
        WorkView work,

        @Schema(description = "Calls to the engine") int dispatches,

        @JsonProperty("queue_wait_ms")
        @Schema(description = "Milliseconds that it waited for a place at the engine")
        @Nullable
        Long queueWaitMs,

        @JsonProperty("create_time") Instant createTime,
        @JsonProperty("finish_time") @Nullable Instant finishTime,
        @JsonProperty("ledger_entries") List<EntryView> ledgerEntries) {

    static GenerationView of(GenerationRecord record, @Nullable Reservation reservation, List<LedgerEntry> entries) {
        return new GenerationView(
                record.requestId().value(),
                record.tenantId().value(),
                record.apiKeyId().value(),
                record.projectId(),
                record.modelVersion(),
                record.arm(),
                record.prices() == null ? null : record.prices().name(),
                record.prices() == null ? null : record.prices().version(),
                record.surface(),
                record.knobs(),
                record.limits(),
                reservation == null ? null : ReservationView.of(reservation),
                record.state(),
                record.finishReason(),
                record.finishDetail(),
                WorkView.of(record.work()),
                record.dispatches(),
                record.queueWaitMs(),
                record.createTime(),
                record.finishTime(),
                entries.stream().map(EntryView::of).toList());
    }

    @Schema(name = "Reservation")
    record ReservationView(
            ReservationState state,

            @Schema(description = "How often something was posted from it")
            int postings,

            @JsonProperty("create_time") Instant createTime,

            @JsonProperty("expire_time") @Schema(description = "When it expires without a renewal")
            Instant expireTime,

            @JsonProperty("resolve_time") @Schema(nullable = true) @Nullable
            Instant resolveTime,

            @JsonProperty("late_time")
            @Schema(description = "When its owner settled after the expiry", nullable = true)
            @Nullable
            Instant lateTime,

            List<LineView> lines) {

        static ReservationView of(Reservation reservation) {
            return new ReservationView(
                    reservation.state(),
                    reservation.postings(),
                    reservation.createTime(),
                    reservation.expireTime(),
                    reservation.resolveTime(),
                    reservation.lateTime(),
                    reservation.lines().stream()
                            .map(line -> new LineView(line.unit(), line.reserved(), line.posted()))
                            .toList());
        }

        @Schema(name = "ReservationLine", description = "What it holds of one budget, in the unit")
        record LineView(Unit unit, long reserved, long posted) {}
    }

    @Schema(name = "Work")
    record WorkView(
            @JsonProperty("input_tokens") long inputTokens,
            @JsonProperty("cached_input_tokens") long cachedInputTokens,
            @JsonProperty("forward_passes") long forwardPasses,
            @JsonProperty("positions_evaluated") long positionsEvaluated,
            @JsonProperty("committed_tokens") long committedTokens,
            long edits) {

        static WorkView of(Work work) {
            return new WorkView(
                    work.inputTokens(),
                    work.cachedInputTokens(),
                    work.forwardPasses(),
                    work.positionsEvaluated(),
                    work.committedTokens(),
                    work.edits());
        }
    }

    @Schema(name = "LedgerEntry", description = "Moves amount from the credit to the debit account")
    record EntryView(
            LedgerEntry.Kind kind,

            @Schema(description = "Number of the posting within its request")
            int seq,

            Unit unit,
            @JsonProperty("debit_account") String debitAccount,
            @JsonProperty("credit_account") String creditAccount,
            long amount) {

        static EntryView of(LedgerEntry entry) {
            return new EntryView(
                    entry.kind(),
                    entry.seq(),
                    entry.unit(),
                    entry.debit().name(),
                    entry.credit().name(),
                    entry.amount());
        }
    }
}
