package dev.seedbed.controlplane.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GroupCommitTest {

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<List<Integer>> groups = new CopyOnWriteArrayList<>();
    private final Set<Integer> waiting = ConcurrentHashMap.newKeySet();
    private final CountDownLatch firstMayEnd = new CountDownLatch(1);
    private final GroupCommit<Integer, String> commits = new GroupCommit<>("groups", this::work);

    @AfterEach
    void end() {
        firstMayEnd.countDown();
        threads.close();
        commits.close();
    }

    /** The first group lasts until it may end; one with step 13 fails. */
    private List<String> work(List<Integer> group) {
        groups.add(group);
        if (groups.size() == 1) {
            join(firstMayEnd);
        }
        if (group.contains(13)) {
            throw new IllegalStateException("thirteen");
        }
        return group.stream().map(step -> "did " + step).toList();
    }

    private static void join(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void worksOnAStepThatComesAloneByItself() {
        firstMayEnd.countDown();
        assertThat(commits.commit(1)).isEqualTo("did 1");
        assertThat(commits.commit(2)).isEqualTo("did 2");
        assertThat(groups).containsExactly(List.of(1), List.of(2));
    }

    @Test
    void takesTogetherWhatCameWhileAnotherGroupWasWorkedOn() throws Exception {
        var first = commitInThread(1);
        await().until(() -> !groups.isEmpty());
        var others = IntStream.rangeClosed(2, 6)
                .mapToObj(this::commitWhenTheOthersWait)
                .toList();
        firstMayEnd.countDown();

        assertThat(first.get()).isEqualTo("did 1");
        for (var i = 0; i < others.size(); i++) {
            assertThat(others.get(i).get()).isEqualTo("did " + (i + 2));
        }
        assertThat(groups).containsExactly(List.of(1), List.of(2, 3, 4, 5, 6));
    }

    @Test
    void failsTheStepsOfAGroupWhoseWorkFailsAndGoesOnWithTheNext() throws Exception {
        var first = commitInThread(1);
        await().until(() -> !groups.isEmpty());
        var unlucky = List.of(commitWhenTheOthersWait(13), commitWhenTheOthersWait(14));
        firstMayEnd.countDown();

        assertThat(first.get()).isEqualTo("did 1");
        for (var one : unlucky) {
            assertThatThrownBy(one::get).isInstanceOf(ExecutionException.class).hasRootCauseMessage("thirteen");
        }
        assertThat(commits.commit(15)).isEqualTo("did 15");
    }

    @Test
    void waitsForAStepWhoseThreadIsInterrupted() throws Exception {
        firstMayEnd.countDown();
        var result = threads.submit(() -> {
            Thread.currentThread().interrupt();
            return commits.commit(1) + ", interrupted: " + Thread.interrupted();
        });
        assertThat(result.get()).isEqualTo("did 1, interrupted: true");
    }

    @Test
    void refusesStepsOnceItIsClosed() {
        firstMayEnd.countDown();
        commits.commit(1);
        commits.close();
        assertThatThrownBy(() -> commits.commit(2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("closed");
        assertThat(commits.waiting()).isZero();
    }

    @Test
    void losesNoStepOfManyThreads() throws Exception {
        firstMayEnd.countDown();
        var results = new ArrayList<Future<String>>();
        for (var i = 100; i < 1_100; i++) {
            results.add(commitInThread(i));
        }
        for (var i = 0; i < results.size(); i++) {
            assertThat(results.get(i).get()).isEqualTo("did " + (i + 100));
        }
        assertThat(groups).allSatisfy(group -> assertThat(group).hasSizeBetween(1, 64));
        assertThat(groups.stream().flatMap(List::stream))
                .doesNotHaveDuplicates()
                .hasSize(1_000);
    }

    private Future<String> commitInThread(int step) {
        return threads.submit(() -> commits.commit(step));
    }

    /** So that the order of those that wait is known. */
    private Future<String> commitWhenTheOthersWait(int step) {
        var thread = new Thread[1];
        var result = threads.submit(() -> {
            thread[0] = Thread.currentThread();
            waiting.add(step);
            return commits.commit(step);
        });
        await().until(() -> waiting.contains(step) && thread[0].getState() == Thread.State.WAITING);
        return result;
    }
}
