package dev.seedbed.controlplane.tenant;

import java.time.Duration;

/**
 * Who calls and what they may: the outcome of authentication.
 *
 * @param answerRetention how long answers may be kept for replay; zero: nothing of an answer is ever stored
 */
public record Caller(
        TenantId tenantId,
        ProjectId projectId,
        ApiKeyId apiKeyId,
        Permissions permissions,
        Share share,
        Duration answerRetention) {}
