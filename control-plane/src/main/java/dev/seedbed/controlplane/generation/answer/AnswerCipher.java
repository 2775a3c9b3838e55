package dev.seedbed.controlplane.generation.answer;

import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.RequestId;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Seals answers with AES-256-GCM. The key belongs to one answer of one tenant, derived from property {@code seedbed.answer-log-secret};
 * it seals each chunk once, so the chunk's number is its nonce and no nonce comes twice under a key. Request, number and count of
 * chunks are authenticated: a chunk cannot be moved, and none can be missing.
 */
@Component
final class AnswerCipher {

    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final HkdfKeys keys;

    AnswerCipher(@Value("${seedbed.answer-log-secret:}") String secret) {
        this.keys = new HkdfKeys("seedbed.answer-log-secret", secret);
    }

    /** Called once for an answer. @return at least one chunk */
    List<byte[]> seal(TenantId tenant, RequestId id, byte[] plain) {
        var key = key(tenant, id);
        var count = Math.max(1, (plain.length + CHUNK_BYTES - 1) / CHUNK_BYTES);
        var chunks = new ArrayList<byte[]>();
        try {
            for (int seq = 0; seq < count; seq++) {
                var from = seq * CHUNK_BYTES;
                var part = Arrays.copyOfRange(plain, from, Math.min(plain.length, from + CHUNK_BYTES));
                chunks.add(cipher(Cipher.ENCRYPT_MODE, key, id, seq, count).doFinal(part));
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("answer not sealed: " + id, e);
        }
        return chunks;
    }

    /** @return empty: the secret is another one, or the chunks are not those that were sealed */
    Optional<byte[]> open(TenantId tenant, RequestId id, List<byte[]> chunks) {
        var key = key(tenant, id);
        var plain = ByteBuffer.allocate(
                chunks.stream().mapToInt(chunk -> chunk.length).sum());
        try {
            for (int seq = 0; seq < chunks.size(); seq++) {
                plain.put(
                        cipher(Cipher.DECRYPT_MODE, key, id, seq, chunks.size()).doFinal(chunks.get(seq)));
            }
        } catch (AEADBadTagException notOurs) {
            return Optional.empty();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("answer not opened: " + id, e);
        }
        return Optional.of(Arrays.copyOf(plain.array(), plain.position()));
    }

    private SecretKey key(TenantId tenant, RequestId id) {
        return keys.derive("AES", "seedbed answer 1 %s %s".formatted(tenant, id));
    }

    private static Cipher cipher(int mode, SecretKey key, RequestId id, int seq, int count)
            throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        var nonce = ByteBuffer.allocate(NONCE_BYTES).putInt(NONCE_BYTES - Integer.BYTES, seq);
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce.array()));
        cipher.updateAAD(ByteBuffer.allocate(2 * Long.BYTES + 2 * Integer.BYTES)
                .putLong(id.value().getMostSignificantBits())
                .putLong(id.value().getLeastSignificantBits())
                .putInt(seq)
                .putInt(count)
                .array());
        return cipher;
    }
}
