package dev.seedbed.controlplane.pricing.internal;

import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.AuditLog;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.pricing.Prices;
import dev.seedbed.controlplane.tenant.TenantDirectory;
import dev.seedbed.controlplane.tenant.TenantId;
import dev.seedbed.controlplane.wire.ErrorCode;
import dev.seedbed.controlplane.wire.SeedbedException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What operators do with price lists. */
@Service
class PriceListAdministration {

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    private final PriceListSql lists;
    private final Prices prices;
    private final TenantDirectory tenants;
    private final AuditLog audit;

    PriceListAdministration(PriceListSql lists, Prices prices, TenantDirectory tenants, AuditLog audit) {
        this.lists = lists;
        this.prices = prices;
        this.tenants = tenants;
        this.audit = audit;
    }

    @Transactional
    public PriceListFacts create(@Nullable String name, @Nullable Currency currency, Operator operator) {
        if (name == null || !NAME.matcher(name).matches()) {
            throw SeedbedException.invalid(
                    "name", "name is malformed: %s (expected: 1 to 63 of a-z, 0-9, '.', '_', '-')".formatted(name));
        }
        if (currency == null) {
            throw SeedbedException.invalid("currency", "currency is missing (expected: one of [USD, EUR])");
        }
        if (!lists.insert(UUID.randomUUID(), name, currency)) {
            throw new SeedbedException(ErrorCode.ALREADY_EXISTS, "price list exists: " + name, "name", null)
                    .with(Map.of("existingId", name));
        }
        var created = get(name);
        audit.append(operator, "price_list.create", created.path(), null, created);
        return created;
    }

    @Transactional
    public PriceListFacts publish(String name, RatesView rates, Operator operator) {
        return change(name, "price_list.publish", list -> lists.publish(list.id(), rates.rates()), operator);
    }

    @Transactional
    public PriceListFacts makeDefault(String name, Operator operator) {
        priced(name);
        return change(name, "price_list.make_default", list -> lists.makeDefault(list.id()), operator);
    }

    private interface Step {
        void of(PriceListFacts list);
    }

    private PriceListFacts change(String name, String action, Step step, Operator operator) {
        var before = get(name);
        step.of(before);
        var after = get(name);
        prices.forgetAfterCommit();
        if (!after.equals(before)) {
            audit.append(operator, action, before.path(), before, after);
        }
        return after;
    }

    /** A list without prices would let the default one hold, or nothing. */
    private PriceListFacts priced(String name) {
        var list = get(name);
        if (list.version() == 0) {
            throw new SeedbedException(
                    ErrorCode.FAILED_PRECONDITION,
                    "price list has no version: %s (expected: at least one)".formatted(name));
        }
        return list;
    }

    public PriceListFacts get(String name) {
        return lists.find(name)
                .orElseThrow(() -> new SeedbedException(ErrorCode.NOT_FOUND, "price list not found: " + name));
    }

    public List<PriceListFacts> list() {
        return lists.list();
    }

    /** The newest first. */
    @Transactional(readOnly = true)
    public PageQuery.Page<PriceListVersion> versions(String name, PageQuery query) {
        return query.page(
                lists.versions(get(name).id(), query.below(), query.rowsToRead()),
                version -> Integer.toString(version.version()));
    }

    @Transactional(readOnly = true)
    public PriceListVersion version(String name, int version) {
        return lists.versions(get(name).id(), version + 1L, 1).stream()
                .filter(found -> found.version() == version)
                .findFirst()
                .orElseThrow(() -> new SeedbedException(
                        ErrorCode.NOT_FOUND, "price list version not found: %s/versions/%d".formatted(name, version)));
    }

    /** Which list a tenant has of its own; null: the default one holds. */
    record Assignment(@Nullable String name) {}

    @Transactional(readOnly = true)
    public Assignment assigned(TenantId tenant) {
        tenants.require(tenant);
        return new Assignment(lists.assigned(tenant).orElse(null));
    }

    /** @param name null: takes the tenant's own list away */
    @Transactional
    public Assignment assign(TenantId tenant, @Nullable String name, Operator operator) {
        var before = assigned(tenant);
        if (name == null) {
            lists.unassign(tenant);
        } else {
            lists.assign(tenant, priced(name).id());
        }
        var after = assigned(tenant);
        prices.forgetAfterCommit();
        if (!Objects.equals(before, after)) {
            audit.append(operator, "price_list.assign", "tenants/" + tenant + "/price_list", before, after);
        }
        return after;
    }
}
