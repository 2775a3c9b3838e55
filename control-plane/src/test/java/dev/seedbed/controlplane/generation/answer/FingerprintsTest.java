package dev.seedbed.controlplane.generation.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.generation.Knobs;
import dev.seedbed.controlplane.generation.Prompt;
import dev.seedbed.controlplane.generation.TestingTenant;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.usage.GenerationRecord.Surface;
import dev.seedbed.controlplane.wire.RequestId;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FingerprintsTest {

    private static final Prompt PROMPT = new Prompt.Text("p");

    private final Fingerprints fingerprints = new Fingerprints("testing-pepper-of-32-characters!");
    private final TenantId tenant = new TenantId(UUID.randomUUID());

    @Test
    void areTheSameForTheSameRequest() {
        assertThat(fingerprints.of(tenant, command(Surface.COMPLETIONS, PROMPT, null, false)))
                .isEqualTo(fingerprints.of(tenant, command(Surface.COMPLETIONS, PROMPT, null, false)));
    }

    @Test
    void differForWhateverIsAskedOtherwise() {
        var all = new HashSet<Digest>();
        all.add(fingerprints.of(tenant, command(Surface.COMPLETIONS, PROMPT, null, false)));
        all.add(fingerprints.of(tenant, command(Surface.CHAT_COMPLETIONS, PROMPT, null, false)));
        all.add(fingerprints.of(tenant, command(Surface.COMPLETIONS, new Prompt.Text("q"), null, false)));
        all.add(fingerprints.of(
                tenant,
                command(Surface.COMPLETIONS, new Prompt.Chat(List.of(new Prompt.Message("user", "p"))), null, false)));
        all.add(fingerprints.of(tenant, command(Surface.COMPLETIONS, PROMPT, 7L, false)));
        all.add(fingerprints.of(tenant, command(Surface.COMPLETIONS, PROMPT, null, true)));
        all.add(fingerprints.of(new TenantId(UUID.randomUUID()), command(Surface.COMPLETIONS, PROMPT, null, false)));
        assertThat(all).hasSize(7);
    }

    @Test
    void countKeysByTheirRouteAndTheirTenant() {
        var key = new IdempotencyKey("k");
        var caller = TestingTenant.caller(tenant);
        var scope = fingerprints.scope(caller, command(Surface.COMPLETIONS, PROMPT, null, false), key);
        assertThat(fingerprints.scope(caller, command(Surface.COMPLETIONS, PROMPT, 7L, true), key))
                .isEqualTo(scope);
        assertThat(fingerprints.scope(caller, command(Surface.GRPC, PROMPT, null, false), key))
                .isNotEqualTo(scope);
        assertThat(fingerprints.scope(
                        TestingTenant.caller(new TenantId(UUID.randomUUID())),
                        command(Surface.COMPLETIONS, PROMPT, null, false),
                        key))
                .isNotEqualTo(scope);
    }

    private static GenerationCommand command(
            Surface surface, Prompt prompt, @Nullable Long maxTokens, boolean diffusing) {
        return new GenerationCommand(
                new RequestId(UUID.randomUUID()),
                surface,
                "seedling",
                prompt,
                maxTokens,
                List.of(),
                Knobs.DEFAULTS,
                diffusing,
                true,
                "");
    }
}
