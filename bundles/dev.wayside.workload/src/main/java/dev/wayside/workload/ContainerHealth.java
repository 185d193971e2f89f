// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import java.util.Optional;

/**
 * Whether a container has started up and is ready, by its probes and hooks. Pure. After a restart
 * of the gateway, what was reported last of the very same container holds until a probe says
 * otherwise.
 */
record ContainerHealth(boolean started, boolean ready) {
    private static final ContainerHealth NONE = new ContainerHealth(false, false);

    /** Of the container's newest attempt. */
    static ContainerHealth of(PodFacts facts, JsonObject spec) {
        return facts.newest(spec.text("name"))
                .map(container -> of(facts, spec, container))
                .orElse(NONE);
    }

    static ContainerHealth of(PodFacts facts, JsonObject spec, PodReality.Container container) {
        if (container.state() != PodReality.State.RUNNING) {
            return NONE;
        }
        Optional<PodMemory.Health> known =
                facts.memory().healthOf(container.name(), container.id());
        if (known.isPresent()) {
            PodMemory.Health health = known.get();
            boolean started = !health.hook() && (!spec.has("startupProbe") || health.started());
            return new ContainerHealth(
                    started, started && (!spec.has("readinessProbe") || health.ready()));
        }
        JsonObject last = facts.lastStatusOf(container.name());
        boolean same =
                last.text("containerID").equals(container.id())
                        && last.object("state").has("running");
        boolean started = !spec.has("startupProbe") || (same && last.flag("started"));
        return new ContainerHealth(
                started, started && (!spec.has("readinessProbe") || (same && last.flag("ready"))));
    }
}
