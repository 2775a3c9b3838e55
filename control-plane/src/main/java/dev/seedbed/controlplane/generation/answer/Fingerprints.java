package dev.seedbed.controlplane.generation.answer;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.seedbed.controlplane.generation.GenerationCommand;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.TenantId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is stored in the place of keys and requests: HMAC-SHA-256 under keys derived from property {@code seedbed.api-key-pepper}, so
 * that a copy of the database alone cannot tell whether a guessed prompt was asked.
 */
@Component
final class Fingerprints {

    private static final String ALGORITHM = "HmacSHA256";

    /** What is absent leaves no trace, so that a later field of the command changes no fingerprint of requests without it. */
    private static final JsonMapper json = JsonMapper.builder()
            .changeDefaultPropertyInclusion(all -> all.withValueInclusion(JsonInclude.Include.NON_EMPTY)
                    .withContentInclusion(JsonInclude.Include.ALWAYS))
            .build();

    private final HkdfKeys keys;
    private final SecretKey scopes;

    Fingerprints(@Value("${seedbed.api-key-pepper:}") String pepper) {
        this.keys = new HkdfKeys("seedbed.api-key-pepper", pepper);
        this.scopes = keys.derive(ALGORITHM, "seedbed idempotency scope 1");
    }

    /** Where a key counts: with the API key and the route that it came by. */
    Digest scope(Caller caller, GenerationCommand command, IdempotencyKey key) {
        // None of the parts before the last can hold the separator.
        return mac(
                scopes,
                String.join(
                        "\n",
                        caller.tenantId().toString(),
                        caller.apiKeyId().value(),
                        command.surface().name(),
                        key.text()));
    }

    /** What is asked for. Whether the answer is streamed does not count: one record can be rendered both ways. */
    Digest of(TenantId tenant, GenerationCommand command) {
        ObjectNode canonical = json.valueToTree(command);
        canonical.remove("requestId");
        canonical.remove("streamed");
        return mac(keys.derive(ALGORITHM, "seedbed request fingerprint 1 " + tenant), canonical.toString());
    }

    private static Digest mac(SecretKey key, String text) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return Digest.of(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
