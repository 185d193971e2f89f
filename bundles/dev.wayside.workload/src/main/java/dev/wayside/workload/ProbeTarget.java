// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodContainers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A running attempt of a container that is to be probed.
 *
 * @param identity who is probed, and how; while this stays the same, so does the probing
 * @param seed what is known of its health before the first probe
 * @param age how long it has run; zero if nobody can tell
 */
record ProbeTarget(Identity identity, PodMemory.Health seed, Duration age) {

    /**
     * @param driver the name of the driver that runs it
     */
    record Identity(
            ObjectKey key,
            String uid,
            String container,
            String containerId,
            String driver,
            List<ProbeSpec> probes) {
        Identity {
            probes = List.copyOf(probes);
        }
    }

    /** All of a pod's; none if it goes or is over. */
    static List<ProbeTarget> of(ObjectKey key, PodFacts facts) {
        KubeObject pod = facts.pod();
        if (pod == null || pod.deleted().isPresent() || facts.terminal()) {
            return List.of();
        }
        List<ProbeTarget> targets = new ArrayList<>();
        for (JsonObject spec : PodContainers.lasting(pod)) {
            facts.newest(spec.text("name"))
                    .filter(container -> container.state() == PodReality.State.RUNNING)
                    .filter(container -> !facts.memory().stops().containsKey(container.id()))
                    .flatMap(container -> of(key, facts, spec, container))
                    .ifPresent(targets::add);
        }
        return targets;
    }

    private static Optional<ProbeTarget> of(
            ObjectKey key, PodFacts facts, JsonObject spec, PodReality.Container container) {
        List<ProbeSpec> probes = new ArrayList<>();
        for (ProbeSpec.Kind kind : ProbeSpec.Kind.values()) {
            if (spec.has(kind.field)) {
                Optional<ProbeSpec> probe = ProbeSpec.of(kind, spec, address(facts));
                if (probe.isEmpty()) {
                    return Optional.empty();
                }
                probes.add(probe.get());
            }
        }
        PodMemory.Health health =
                facts.memory()
                        .healthOf(container.name(), container.id())
                        .orElseGet(() -> reported(facts, container));
        if (probes.isEmpty() || health.hook() || !health.unhealthy().isEmpty()) {
            return Optional.empty();
        }
        Identity identity =
                new Identity(
                        key, facts.uid(), container.name(), container.id(), facts.driver(), probes);
        return Optional.of(new ProbeTarget(identity, health, age(container, facts.now())));
    }

    /** Host processes are on the host, and may well listen there alone. */
    static String address(PodFacts facts) {
        return facts.driver().equals(Drivers.PROCESS) ? "127.0.0.1" : facts.podIp();
    }

    private static PodMemory.Health reported(PodFacts facts, PodReality.Container container) {
        JsonObject last = facts.lastStatusOf(container.name());
        boolean same =
                last.text("containerID").equals(container.id())
                        && last.object("state").has("running");
        return PodMemory.Health.of(
                container.id(), same && last.flag("started"), same && last.flag("ready"));
    }

    /** By the clock, which may have jumped since. */
    private static Duration age(PodReality.Container container, Instant now) {
        Instant started = container.started();
        Duration age = started == null ? Duration.ZERO : Duration.between(started, now);
        return age.isNegative() ? Duration.ZERO : age;
    }
}
