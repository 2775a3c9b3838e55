package dev.seedbed.controlplane.model.internal;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface ModelRows extends Repository<ModelRow, UUID> {

    ModelRow saveAndFlush(ModelRow row);

    Optional<ModelRow> findById(UUID id);

    List<ModelRow> findAll();

    /** Start of the transaction on the database's clock. */
    @Query(value = "SELECT now()", nativeQuery = true)
    Instant now();

    /** Changes of the catalogue happen one after the other until the end of the transaction; reads go on. */
    @Query(value = "LOCK TABLE model, model_version IN SHARE ROW EXCLUSIVE MODE", nativeQuery = true)
    @Modifying
    void lockForChange();
}
