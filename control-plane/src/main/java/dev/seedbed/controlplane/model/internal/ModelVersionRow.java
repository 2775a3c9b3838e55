package dev.seedbed.controlplane.model.internal;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

@Entity
@Table(name = "model_version")
class ModelVersionRow {

    @Id
    private UUID modelVersionId;

    private UUID modelId;
    private String name;
    private int positionsPerToken;

    @Enumerated(EnumType.STRING)
    private WantedState wantedState;

    private Instant createTime;
    private Instant updateTime;

    @Version
    private @Nullable Long revision;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ModelVersionRow() {}

    ModelVersionRow(CatalogueVersion version) {
        this.modelVersionId = version.id();
        this.modelId = version.modelId();
        this.name = version.name();
        this.createTime = version.createTime();
        this.positionsPerToken = version.positionsPerToken();
        this.wantedState = version.wanted();
        this.updateTime = version.updateTime();
    }

    CatalogueVersion version() {
        return new CatalogueVersion(
                modelVersionId, modelId, name, positionsPerToken, wantedState, createTime, updateTime);
    }

    void apply(CatalogueVersion after) {
        positionsPerToken = after.positionsPerToken();
        wantedState = after.wanted();
        updateTime = after.updateTime();
    }
}
