package dev.seedbed.controlplane.pricing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.generation.TestingTenant;
import java.util.UUID;

/** A price list of its own for one test. */
public final class TestingPriceList {

    private TestingPriceList() {}

    /** Publishes a list and gives it to a tenant. @return its name */
    public static String give(AdminClient admin, TestingTenant tenant, String rates) {
        var name = "list-" + UUID.randomUUID();
        admin.post("/price_lists", "{\"name\": \"%s\", \"currency\": \"USD\"}".formatted(name));
        publish(admin, name, rates);
        assertThat(admin.call("PUT", "/tenants/" + tenant.id() + "/price_list", "{\"name\": \"%s\"}".formatted(name))
                        .status())
                .isEqualTo(200);
        return name;
    }

    static void publish(AdminClient admin, String name, String rates) {
        assertThat(admin.post("/price_lists/" + name + "/versions", rates).status())
                .isEqualTo(200);
    }
}
