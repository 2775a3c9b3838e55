package dev.seedbed.controlplane.generation.http;

import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import dev.seedbed.controlplane.tenant.Scope;
import dev.seedbed.controlplane.wire.SeedbedException;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Component;

/** Who sent a request, and whether their key is meant for it. */
@Component
class Callers {

    private final ApiKeys apiKeys;

    Callers(ApiKeys apiKeys) {
        this.apiKeys = apiKeys;
    }

    /** @throws SeedbedException INVALID_API_KEY, PERMISSION_DENIED */
    Caller require(HttpServletRequest request, Scope scope) {
        var caller = apiKeys.authenticate(request.getHeader("Authorization"));
        Exchange.of(request).authenticated(caller);
        caller.permissions().require(scope);
        return caller;
    }
}
