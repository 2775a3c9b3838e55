package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.database.Pipeline;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What becomes durable with an admission: runs first in its transaction, and is undone when nothing can be reserved. */
@FunctionalInterface
public interface AdmissionStep {

    AdmissionStep NONE = new AdmissionStep() {
        @Override
        public void apply() {}

        @Override
        public Deferred deferred() {
            return (steps, writes) -> {};
        }
    };

    /** Whatever it throws refuses the admission. */
    void apply();

    /** How it becomes durable with the record of a generation that is admitted from a lease; null: such an admission is no choice. */
    default @Nullable Deferred deferred() {
        return null;
    }

    /** A step that is taken together with all others of its class. */
    @FunctionalInterface
    interface Deferred {

        /** @param steps this one among them @param writes sent within the transaction */
        void applyAll(List<Deferred> steps, Pipeline writes);

        static void applyTogether(Collection<Deferred> steps, Pipeline writes) {
            steps.stream()
                    .collect(Collectors.groupingBy(Object::getClass))
                    .values()
                    .forEach(ofOneClass -> ofOneClass.getFirst().applyAll(ofOneClass, writes));
        }
    }
}
