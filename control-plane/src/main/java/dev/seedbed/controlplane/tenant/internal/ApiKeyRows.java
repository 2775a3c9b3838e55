package dev.seedbed.controlplane.tenant.internal;

import jakarta.persistence.LockModeType;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface ApiKeyRows extends Repository<ApiKeyRow, String> {

    ApiKeyRow saveAndFlush(ApiKeyRow row);

    Optional<ApiKeyRow> findByTenantIdAndPublicId(UUID tenantId, String publicId);

    @Lock(LockModeType.PESSIMISTIC_WRITE)
    @Query("from ApiKeyRow k where k.tenantId = :tenantId and k.publicId = :publicId")
    Optional<ApiKeyRow> lock(UUID tenantId, String publicId);

    @Query("from ApiKeyRow k where k.tenantId = :tenantId and k.publicId > :after"
            + " and (k.deleteTime is null or :showDeleted = true) order by k.publicId")
    List<ApiKeyRow> list(UUID tenantId, String after, boolean showDeleted, Limit limit);

    /** Of the keys those that are the tenant's and not revoked. */
    @Query("from ApiKeyRow k where k.tenantId = :tenantId and k.publicId in :publicIds and k.revokeTime is null")
    List<ApiKeyRow> findLive(UUID tenantId, Collection<String> publicIds);
}
