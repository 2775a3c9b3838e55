package dev.seedbed.controlplane.pricing.internal;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.seedbed.controlplane.admin.Created;
import dev.seedbed.controlplane.admin.PageQuery;
import dev.seedbed.controlplane.audit.Operator;
import dev.seedbed.controlplane.tenant.TenantId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/admin/v1")
@Tag(name = "Price lists", description = "What work costs. A request keeps the version it was admitted at.")
class PriceListController {

    private final PriceListAdministration administration;

    PriceListController(PriceListAdministration administration) {
        this.administration = administration;
    }

    @PostMapping("/price_lists")
    @Operation(operationId = "createPriceList", summary = "Creates a list without prices")
    ResponseEntity<PriceListFacts> create(@RequestBody PriceListFields fields, Operator operator) {
        var created = administration.create(fields.name(), fields.currency(), operator);
        return Created.at(created.path(), created);
    }

    @GetMapping("/price_lists")
    @Operation(operationId = "listPriceLists", summary = "Lists all by name, each with its newest version")
    PriceLists list() {
        return new PriceLists(administration.list());
    }

    @GetMapping("/price_lists/{name}")
    @Operation(operationId = "getPriceList", summary = "Shows a list with its newest version")
    PriceListFacts get(@PathVariable("name") String name) {
        return administration.get(name);
    }

    @PostMapping("/price_lists/{name}/versions")
    @Operation(
            operationId = "publishPrices",
            summary = "Publishes the next version, which holds for requests admitted from now on")
    PriceListFacts publish(@PathVariable("name") String name, @RequestBody RatesView rates, Operator operator) {
        return administration.publish(name, rates, operator);
    }

    @GetMapping("/price_lists/{name}/versions")
    @Operation(operationId = "listPriceListVersions", summary = "Lists all versions of a list, newest first")
    PriceListVersions versions(
            @PathVariable("name") String name,
            @RequestParam(name = "page_size", required = false) @Nullable Integer pageSize,
            @RequestParam(name = "page_token", required = false) @Nullable String pageToken) {
        var page = administration.versions(name, PageQuery.of(pageSize, pageToken));
        return new PriceListVersions(page.items(), page.nextPageToken());
    }

    @GetMapping("/price_lists/{name}/versions/{version}")
    @Operation(operationId = "getPriceListVersion", summary = "Shows the prices that a generation was billed by")
    PriceListVersion version(@PathVariable("name") String name, @PathVariable("version") int version) {
        return administration.version(name, version);
    }

    @PostMapping("/price_lists/{name}:makeDefault")
    @Operation(operationId = "makeDefaultPriceList", summary = "Lets a list hold for tenants without one of their own")
    PriceListFacts makeDefault(@PathVariable("name") String name, Operator operator) {
        return administration.makeDefault(name, operator);
    }

    @GetMapping("/tenants/{tenant_id}/price_list")
    @Operation(operationId = "getTenantPriceList", summary = "Shows which list a tenant has of its own")
    TenantPriceList assigned(@PathVariable("tenant_id") UUID tenant) {
        return new TenantPriceList(administration.assigned(new TenantId(tenant)).name());
    }

    @PutMapping("/tenants/{tenant_id}/price_list")
    @Operation(operationId = "assignPriceList", summary = "Gives a tenant a list of its own")
    TenantPriceList assign(
            @PathVariable("tenant_id") UUID tenant, @RequestBody TenantPriceList fields, Operator operator) {
        return new TenantPriceList(administration
                .assign(new TenantId(tenant), fields.name(), operator)
                .name());
    }

    record PriceListFields(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable
            String name,

            @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @Nullable
            Currency currency) {}

    record PriceLists(@JsonProperty("price_lists") List<PriceListFacts> priceLists) {}

    record PriceListVersions(
            List<PriceListVersion> versions,
            @JsonProperty("next_page_token") @Nullable String nextPageToken) {}

    record TenantPriceList(
            @JsonProperty(value = "name", required = true)
            @Schema(description = "null: the default list holds", nullable = true)
            @Nullable
            String name) {}
}
