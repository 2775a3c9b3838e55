/**
 * What the controllers of {@code /admin/v1} share: the admin token, paging, problem details and the OpenAPI page. Every feature
 * owns its controllers.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"wire"})
package dev.seedbed.controlplane.admin;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
