package dev.seedbed.controlplane.generation.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.generation.queue.WaitingRoom.Ticket;
import dev.seedbed.controlplane.tenant.Share;
import dev.seedbed.controlplane.tenant.TenantId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class WaitingRoomTest {

    private static final TenantId A = new TenantId(new UUID(0, 1));
    private static final TenantId B = new TenantId(new UUID(0, 2));

    private final WaitingRoom room = new WaitingRoom(2, 3);

    @Test
    void grantsPlacesInTheOrderOfArrivalWhileThereAreAny() {
        var first = room.arrive(A, Share.DEFAULT);
        var second = room.arrive(A, Share.DEFAULT);
        var third = room.arrive(A, Share.DEFAULT);
        assertThat(room.grant()).containsExactly(first, second);
        assertThat(room.grant()).isEmpty();
        room.finished(first);
        assertThat(room.grant()).containsExactly(third);
    }

    @Test
    void prefersALargerPriority() {
        takeAll();
        room.arrive(A, new Share(1000, 3));
        var urgent = room.arrive(B, new Share(1, 4));
        room.raiseLimit();
        assertThat(afterOneFinished()).containsExactly(urgent);
    }

    @Test
    void prefersTheTenantWithLeastInFlightForItsWeight() {
        // A holds two places.
        takeAll();
        room.arrive(A, Share.DEFAULT);
        var other = room.arrive(B, Share.DEFAULT);
        assertThat(afterOneFinished()).containsExactly(other);
    }

    @Test
    void countsAHeavyTenantsPlacesForLess() {
        var four = new WaitingRoom(4, 10);
        var light = four.arrive(A, new Share(1, 0));
        four.arrive(B, new Share(3, 0));
        four.arrive(B, new Share(3, 0));
        four.arrive(A, new Share(1, 0));
        four.grant();
        four.arrive(A, new Share(1, 0));
        var heavy = four.arrive(B, new Share(3, 0));
        four.finished(light);
        // A holds 1 of weight 1, B 2 of weight 3.
        assertThat(four.grant()).containsExactly(heavy);
    }

    @Test
    void shedsTheNewestOfTheSmallestPriority() {
        takeAll();
        room.arrive(A, new Share(1, 5));
        room.arrive(A, new Share(1, 1));
        var newest = room.arrive(B, new Share(1, 1));
        assertThat(room.shed()).isEmpty();
        var urgent = room.arrive(B, new Share(1, 5));
        assertThat(room.shed()).contains(newest);
        assertThat(room.shed()).isEmpty();
        assertThat(room.waiting()).isEqualTo(3);
        assertThat(afterOneFinished()).containsExactly(urgent);
    }

    @Test
    void takesOneBackAtItsOldNumberWhenTheEngineRefusesIt() {
        var first = room.arrive(A, Share.DEFAULT);
        var second = room.arrive(A, Share.DEFAULT);
        var third = room.arrive(A, Share.DEFAULT);
        room.grant();
        room.refused(second);
        assertThat(room.limit()).isEqualTo(1);
        assertThat(room.grant()).isEmpty();
        room.finished(first);
        assertThat(room.grant()).containsExactly(second, third);
    }

    @Test
    void goesOnTryingWhenTheEngineIsFullOfOthersRequests() {
        var only = room.arrive(A, Share.DEFAULT);
        room.grant();
        room.refused(only);
        assertThat(room.grant()).containsExactly(only);
    }

    /** Random arrivals, endings, refusals and leavings; the invariants hold after every step, and nobody starves. */
    @RepeatedTest(50)
    void neverExceedsItsBoundsAndNeverStarvesAnybody(RepetitionInfo repetition) {
        var random = new Random(repetition.getCurrentRepetition());
        var maxInFlight = 1 + random.nextInt(6);
        var maxWaiting = random.nextInt(30);
        var any = new WaitingRoom(maxInFlight, maxWaiting);
        var waiting = new ArrayList<Ticket>();
        var running = new ArrayList<Ticket>();
        // Places that may still go to others before each must have had its own.
        var patience = new HashMap<Ticket, Integer>();
        var served = new HashSet<Ticket>();
        for (int step = 0; step < 2_000; step++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    var share = new Share(1 + random.nextInt(5), random.nextInt(10) < 8 ? 9 : 0);
                    var ticket = any.arrive(random.nextInt(4) > 0 ? A : B, share);
                    patience.put(ticket, (waiting.size() + 1) * WaitingRoom.TURN_OF_THE_OLDEST);
                    waiting.add(ticket);
                }
                case 3 -> {
                    if (!waiting.isEmpty()) {
                        any.leave(waiting.remove(random.nextInt(waiting.size())));
                    }
                }
                case 4 -> {
                    if (!running.isEmpty() && random.nextInt(4) == 0) {
                        var refused = running.remove(random.nextInt(running.size()));
                        any.refused(refused);
                        // It is old already, so it may go before any that wait.
                        patience.replaceAll((ticket, left) -> left + WaitingRoom.TURN_OF_THE_OLDEST);
                        patience.put(refused, (waiting.size() + 1) * WaitingRoom.TURN_OF_THE_OLDEST);
                        waiting.add(refused);
                    }
                }
                default -> {
                    if (!running.isEmpty()) {
                        any.finished(running.remove(random.nextInt(running.size())));
                    }
                }
            }
            for (var granted : any.grant()) {
                assertThat(waiting.remove(granted)).isTrue();
                running.add(granted);
                served.add(granted);
                waiting.forEach(other -> patience.merge(other, -1, Integer::sum));
            }
            any.shed().ifPresent(waiting::remove);
            assertThat(any.inFlight()).isEqualTo(running.size()).isLessThanOrEqualTo(maxInFlight);
            assertThat(any.waiting()).isEqualTo(waiting.size()).isLessThanOrEqualTo(maxWaiting);
            assertThat(any.limit()).isBetween(1, maxInFlight);
            assertThat(waiting.isEmpty() || any.inFlight() >= any.limit())
                    .as("nobody waits beside a free place")
                    .isTrue();
            assertThat(waiting)
                    .allSatisfy(ticket -> assertThat(patience.get(ticket)).isNotNegative());
        }
        assertThat(served).isNotEmpty();
    }

    private void takeAll() {
        room.arrive(A, Share.DEFAULT);
        room.arrive(A, Share.DEFAULT);
        running = room.grant();
    }

    private List<Ticket> running = List.of();

    private List<Ticket> afterOneFinished() {
        room.finished(running.getFirst());
        return room.grant();
    }
}
