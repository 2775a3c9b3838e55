package dev.seedbed.controlplane.model.internal;

import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import java.time.Instant;
import java.util.List;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The catalogue in the database: decides, then applies and audits in one transaction. */
@Component
class StoredCatalogue {

    private final ModelRows models;
    private final ModelVersionRows versions;
    private final AuditLog audit;

    StoredCatalogue(ModelRows models, ModelVersionRows versions, AuditLog audit) {
        this.models = models;
        this.versions = versions;
        this.audit = audit;
    }

    /** A pure function of the catalogue as it is now and of the transaction's time. */
    interface Command {
        CatalogueDecision decide(Catalogue catalogue, Instant now);
    }

    @Transactional(readOnly = true)
    public Catalogue read() {
        return load();
    }

    /** The catalogue after the command. */
    @Transactional
    public Catalogue change(Command command, Operator operator) {
        models.lockForChange();
        Catalogue before = load();
        CatalogueDecision decision = command.decide(before, models.now());
        if (decision.changesNothing()) {
            return before;
        }
        // Versions first: a new one may become its model's default in the same decision.
        decision.versions().forEach(this::apply);
        decision.models().forEach(this::apply);
        Catalogue after = load();
        append(operator, decision, before, after);
        return after;
    }

    private Catalogue load() {
        return new Catalogue(
                models.findAll().stream().map(ModelRow::model).toList(),
                versions.findAll().stream().map(ModelVersionRow::version).toList());
    }

    private void apply(CatalogueVersion after) {
        versions.findById(after.id())
                .ifPresentOrElse(
                        row -> {
                            row.apply(after);
                            versions.saveAndFlush(row);
                        },
                        () -> versions.saveAndFlush(new ModelVersionRow(after)));
    }

    private void apply(CatalogueModel after) {
        models.findById(after.id())
                .ifPresentOrElse(
                        row -> {
                            row.apply(after);
                            models.saveAndFlush(row);
                        },
                        () -> models.saveAndFlush(new ModelRow(after)));
    }

    private void append(Operator operator, CatalogueDecision decision, Catalogue before, Catalogue after) {
        for (CatalogueVersion version : decision.versions()) {
            VersionFacts facts = VersionFacts.of(after, version);
            audit.append(
                    operator,
                    decision.action(),
                    facts.path(),
                    before.version(version.id())
                            .map(v -> VersionFacts.of(before, v))
                            .orElse(null),
                    facts);
        }
        List<CatalogueModel> changed = decision.models();
        for (CatalogueModel model : changed) {
            ModelFacts facts = ModelFacts.of(after, model);
            audit.append(
                    operator,
                    decision.action(),
                    facts.path(),
                    before.model(model.name())
                            .map(m -> ModelFacts.of(before, m))
                            .orElse(null),
                    facts);
        }
    }
}
