package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads the body of a request: bounded, JSON, valid UTF-8, no field twice. */
final class RequestBody {

    static final int MAX_BYTES = 1 << 20;

    private static final JsonMapper json = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
            .build();

    private RequestBody() {}

    /** @throws SeedbedException UNSUPPORTED_MEDIA_TYPE, REQUEST_TOO_LARGE, INVALID_REQUEST */
    static ObjectNode read(HttpServletRequest request) throws IOException {
        requireJson(request.getContentType());
        requireIdentity(request.getHeader("content-encoding"));
        if (request.getContentLengthLong() > MAX_BYTES) {
            throw tooLarge();
        }
        var bytes = request.getInputStream().readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
            throw tooLarge();
        }
        return parse(decode(bytes));
    }

    private static void requireJson(@Nullable String contentType) {
        try {
            if (contentType != null) {
                var type = MediaType.parseMediaType(contentType);
                var charset = type.getCharset();
                if (type.equalsTypeAndSubtype(MediaType.APPLICATION_JSON)
                        && (charset == null || charset.equals(StandardCharsets.UTF_8))) {
                    return;
                }
            }
        } catch (IllegalArgumentException e) {
            // Falls through to the same answer.
        }
        throw new SeedbedException(
                ErrorCode.UNSUPPORTED_MEDIA_TYPE, "content type not supported (expected: application/json, in UTF-8)");
    }

    private static void requireIdentity(@Nullable String encoding) {
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new SeedbedException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, "content encoding not supported (expected: none)");
        }
    }

    private static SeedbedException tooLarge() {
        return new SeedbedException(
                ErrorCode.REQUEST_TOO_LARGE, "request body too large (limit: %d bytes)".formatted(MAX_BYTES));
    }

    private static String decode(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new SeedbedException(ErrorCode.INVALID_REQUEST, "request body is not valid UTF-8", null, e);
        }
    }

    private static ObjectNode parse(String text) {
        JsonNode node;
        try {
            node = json.readTree(text);
        } catch (JacksonException e) {
            var at = e.getLocation();
            throw new SeedbedException(
                    ErrorCode.INVALID_REQUEST,
                    "request body is not valid JSON%s (expected: one object, no field twice)"
                            .formatted(at == null ? "" : " near character " + at.getCharOffset()),
                    null,
                    e);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new SeedbedException(ErrorCode.INVALID_REQUEST, "request body is not a JSON object");
    }
}
