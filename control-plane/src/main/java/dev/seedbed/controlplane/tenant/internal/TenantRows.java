package dev.seedbed.controlplane.tenant.internal;

import jakarta.persistence.LockModeType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface TenantRows extends Repository<TenantRow, UUID> {

    TenantRow saveAndFlush(TenantRow row);

    boolean existsById(UUID tenantId);

    Optional<TenantRow> findByTenantId(UUID tenantId);

    /** Locks the row until the end of the transaction, so that a decision sees what it changes. */
    @Lock(LockModeType.PESSIMISTIC_WRITE)
    @Query("from TenantRow t where t.tenantId = :tenantId")
    Optional<TenantRow> lock(UUID tenantId);

    @Query("from TenantRow t where lower(t.name) = lower(:name) and t.state <> DELETED")
    Optional<TenantRow> findLiveByName(String name);

    @Query(
            "from TenantRow t where t.tenantId > :after and (t.state <> DELETED or :showDeleted = true) order by t.tenantId")
    List<TenantRow> list(UUID after, boolean showDeleted, Limit limit);

    /** Start of the transaction on the database's clock, the only one that all replicas share. */
    @Query(value = "SELECT now()", nativeQuery = true)
    Instant now();
}
