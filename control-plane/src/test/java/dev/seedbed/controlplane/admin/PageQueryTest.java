package dev.seedbed.controlplane.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class PageQueryTest {

    @Test
    void continuesAfterTheLastItemOfThePage() {
        var first = PageQuery.of(2, null).page(List.of("a", "b", "c"), key -> key);

        assertThat(first.items()).containsExactly("a", "b");
        assertThat(PageQuery.of(2, first.nextPageToken()).after()).isEqualTo("b");
    }

    @Test
    void endsWhenNothingIsLeft() {
        assertThat(PageQuery.of(2, "").page(List.of("a", "b"), key -> key).nextPageToken())
                .isNull();
    }

    @Test
    void refusesATokenThatIsNotAKeyOfTheList() {
        var query = PageQuery.of(
                1, PageQuery.of(1, null).page(List.of("x", "y"), key -> key).nextPageToken());

        for (ThrowingCallable read : List.<ThrowingCallable>of(query::afterId, query::below)) {
            assertThatThrownBy(read)
                    .isInstanceOfSatisfying(
                            SeedbedException.class, e -> assertThat(e.param()).isEqualTo("page_token"));
        }
    }

    @Test
    void beginsAListOfFallingNumbersWithTheLargest() {
        assertThat(PageQuery.of(2, null).below()).isEqualTo(Long.MAX_VALUE);
        var first = PageQuery.of(2, null).page(List.of(9L, 8L, 7L), key -> Long.toString(key));
        assertThat(PageQuery.of(2, first.nextPageToken()).below()).isEqualTo(8);
    }
}
