package dev.seedbed.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.modulith.ApplicationModule;
import org.springframework.modulith.core.ApplicationModules;

/** Features use only the features that their package-info names. */
class ModularityTest {

    private static final ApplicationModules modules = ApplicationModules.of(ControlPlaneApplication.class);

    @Test
    void keepsToTheAllowedDirections() {
        assertThat(modules).isNotEmpty();
        modules.verify();
    }

    @Test
    void namesTheDependenciesOfEveryFeature() {
        assertThat(modules)
                .allSatisfy(module -> assertThat(module.getBasePackage().getAnnotation(ApplicationModule.class))
                        .as("@ApplicationModule of %s", module.getIdentifier())
                        .isPresent());
    }
}
