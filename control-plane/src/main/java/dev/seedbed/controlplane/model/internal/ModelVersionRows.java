package dev.seedbed.controlplane.model.internal;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.Repository;

interface ModelVersionRows extends Repository<ModelVersionRow, UUID> {

    ModelVersionRow saveAndFlush(ModelVersionRow row);

    Optional<ModelVersionRow> findById(UUID id);

    List<ModelVersionRow> findAll();
}
