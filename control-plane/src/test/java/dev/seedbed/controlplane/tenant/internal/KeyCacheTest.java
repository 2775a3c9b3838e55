package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.tenant.ApiKeyId;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyCacheTest {

    private static final ApiKeyId ID = StoredKeyTest.CALLER.apiKeyId();
    private static final StoredKey KEY =
            new StoredKey(StoredKeyTest.CALLER, List.of(), TenantState.ACTIVE, ProjectState.ACTIVE, false, 0, 1);

    private final KeyCache cache = new KeyCache(10);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "key/0123456789abcdef",
                "project/00000000-0000-0002-0000-000000000002",
                "tenant/00000000-0000-0001-0000-000000000001",
                "galaxy/1",
                "",
                "nonsense"
            })
    void forgetsAKeyWhenSomethingItDependsOnOrNobodyKnowsWhatChanges(String told) {
        cache.keep(KEY, cache.epoch());
        assertThat(cache.find(ID)).isSameAs(KEY);

        cache.forget(KeyChange.parse(told));

        assertThat(cache.find(ID)).isNull();
    }

    @Test
    void remembersKeysThatAChangeDoesNotConcern() {
        cache.keep(KEY, cache.epoch());

        cache.forget(KeyChange.key("fedcba9876543210"));
        cache.forget(KeyChange.project(new UUID(9, 9)));
        cache.forget(KeyChange.tenant(new UUID(9, 9)));

        assertThat(cache.find(ID)).isSameAs(KEY);
    }

    @Test
    void doesNotRememberWhatWasReadBeforeAChange() {
        long epoch = cache.epoch();
        cache.forget(KeyChange.key(ID.value()));
        cache.keep(KEY, epoch);
        assertThat(cache.find(ID)).isNull();

        epoch = cache.epoch();
        cache.forgetAll();
        cache.keep(KEY, epoch);
        assertThat(cache.find(ID)).isNull();
    }
}
