package dev.seedbed.controlplane;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import org.junit.jupiter.api.Test;

/** Where generated types, clocks and foreign words may appear. */
class EdgesTest {

    private static final String ROOT = "dev.seedbed.controlplane";
    private static final JavaClasses production = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);
    private static final JavaClasses everything = new ClassFileImporter().importPackages(ROOT);

    @Test
    void readsBothProductionAndTests() {
        assertThat(production.size()).isGreaterThan(100);
        assertThat(everything.size()).isGreaterThan(production.size());
    }

    @Test
    void keepsGeneratedTypesAtTheEdges() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        ROOT + ".generation.grpc..", ROOT + ".generation.inference..", ROOT + ".model.internal..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.seedbed.generation.v1..", "dev.seedbed.inference.v1..", "dev.seedbed.admin.v1..")
                .check(production);
        classes()
                .that(resideInAPackage(ROOT + "..")
                        .and(DescribedPredicate.describe(
                                "use generated types",
                                type -> type.getDirectDependenciesFromSelf().stream()
                                        .anyMatch(dependency -> resideInAnyPackage(
                                                        "dev.seedbed.generation.v1..", "dev.seedbed.inference.v1..")
                                                .test(dependency.getTargetClass())))))
                .should()
                .haveNameMatching(".*\\.(Grpc\\w+|\\w+GrpcService|\\w+Wire|StreamedEvents|MalformedRequests)(\\$.*)?")
                .check(production);
    }

    @Test
    void leavesTheEnginesWordsToTheAdapter() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("inference..", "dev.seedbed.adapter..")
                .check(production);
    }

    @Test
    void asksOnlyTheClockForTheTime() {
        for (var type :
                new Class<?>[] {Instant.class, OffsetDateTime.class, ZonedDateTime.class, LocalDateTime.class}) {
            noClasses().should().callMethod(type, "now").check(production);
        }
        noClasses().should().callMethod(System.class, "currentTimeMillis").check(production);
        noClasses()
                .that()
                .doNotHaveSimpleName("SchedulingConfiguration")
                .should()
                .callMethod(Clock.class, "systemUTC")
                .check(production);
    }

    @Test
    void mocksNothing() {
        noClasses()
                .should(dependOnClassesThat(resideInAnyPackage("org.mockito..", "org.easymock..")))
                .check(everything);
    }
}
