package dev.seedbed.controlplane.model.internal;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

@Entity
@Table(name = "model")
class ModelRow {

    @Id
    private UUID modelId;

    private String name;
    private @Nullable UUID defaultVersionId;

    @Column(name = "is_default")
    private boolean isDefault;

    private Instant createTime;
    private Instant updateTime;

    @Version
    private @Nullable Long revision;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ModelRow() {}

    ModelRow(CatalogueModel model) {
        this.modelId = model.id();
        this.name = model.name();
        this.createTime = model.createTime();
        this.updateTime = model.updateTime();
        apply(model);
    }

    CatalogueModel model() {
        return new CatalogueModel(modelId, name, defaultVersionId, isDefault, createTime, updateTime);
    }

    final void apply(CatalogueModel after) {
        defaultVersionId = after.defaultVersionId();
        isDefault = after.isDefault();
        updateTime = after.updateTime();
    }
}
