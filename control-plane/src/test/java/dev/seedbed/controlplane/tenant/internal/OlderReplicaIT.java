package dev.seedbed.controlplane.tenant.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.seedbed.controlplane.AdminClient;
import dev.seedbed.controlplane.ControlPlaneTest;
import dev.seedbed.controlplane.tenant.ApiKeys;
import dev.seedbed.controlplane.tenant.Caller;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Statements of a control plane that knows nothing of projects, while replicas are replaced one by one. */
@ControlPlaneTest
class OlderReplicaIT {

    @LocalServerPort
    int port;

    @Autowired
    ApiKeys keys;

    @Autowired
    ApiKeyHmac hmac;

    @Autowired
    JdbcClient jdbc;

    @Test
    void createsTenantsAndKeysThatWorkHere() {
        UUID tenant = UUID.randomUUID();
        jdbc.sql(
                        "insert into tenant (create_time,name,revision,state,update_time,tenant_id) values (now(),?,0,'ACTIVE',now(),?)")
                .params("old " + tenant, tenant)
                .update();
        Caller caller = authenticate(tenant);

        var projects = new AdminClient(port)
                .get("/tenants/" + tenant + "/projects")
                .json()
                .path("projects");
        assertThat(projects).hasSize(1);
        assertThat(projects.path(0).path("is_default").asBoolean()).isTrue();
        assertThat(caller.projectId().toString())
                .isEqualTo(projects.path(0).path("project_id").asString());
    }

    @Test
    void createsKeysForTenantsOfThisVersion() {
        UUID tenant = new AdminClient(port).createTenant();

        assertThat(authenticate(tenant).tenantId().value()).isEqualTo(tenant);
    }

    @Test
    void makesTheDefaultProjectItselfIfItKnowsThem() {
        UUID tenant = UUID.randomUUID();
        UUID project = UUID.randomUUID();
        jdbc.sql("""
                        WITH new_tenant AS (
                            INSERT INTO tenant (create_time, name, revision, state, update_time, tenant_id)
                            VALUES (now(), :name, 0, 'ACTIVE', now(), :tenant) RETURNING tenant_id)
                        INSERT INTO project (create_time, is_default, name, revision, state, tenant_id, update_time, project_id)
                        SELECT now(), true, 'default', 0, 'ACTIVE', tenant_id, now(), :project FROM new_tenant
                        """)
                .param("name", "middle " + tenant)
                .param("tenant", tenant)
                .param("project", project)
                .update();

        assertThat(authenticate(tenant).projectId().value()).isEqualTo(project);
    }

    private Caller authenticate(UUID tenant) {
        ApiKeyText key = ApiKeyText.generate(KeyEnvironment.LIVE);
        jdbc.sql(
                        "insert into api_key (create_time,environment,expire_time,key_hmac,name,revision,revoke_time,tenant_id,public_id)"
                                + " values (now(),'live',null,?,'old',0,null,?,?)")
                .params(hmac.of(key), tenant, key.id().value())
                .update();
        return keys.authenticate("Bearer " + key.reveal());
    }
}
