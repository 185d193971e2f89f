// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that a plan for one pod, that is one UID, is made from.
 *
 * @param pod as asked for; null if nobody asks for this UID
 * @param podsComplete whether a Pod that is not there is not asked for
 * @param reality what exists; null if nothing does
 * @param record the remembered admission; null if there was none
 * @param lastStatus as reported last, by us or by whoever was here before; empty if never
 * @param node null until our Node has come with what it can hold
 * @param driver the name of the driver that has the pod or would get it
 * @param now for what people read
 * @param uptime for waits
 */
record PodFacts(
        String uid,
        @Nullable KubeObject pod,
        boolean podsComplete,
        @Nullable PodReality reality,
        @Nullable PodRecord record,
        Inputs inputs,
        Volumes volumes,
        JsonObject lastStatus,
        PodMemory memory,
        @Nullable NodeFacts node,
        String driver,
        Instant now,
        Duration uptime) {

    /**
     * @param wants what the volumes should hold
     * @param current whether they do
     * @param problem why that is not known, {@code ""} if it is
     */
    record Volumes(Map<String, VolumeWant> wants, boolean current, String problem) {
        static final Volumes NONE = new Volumes(Map.of(), true, "");
    }

    /** Our Node, as far as pods are concerned. Addresses are {@code ""} if unknown. */
    record NodeFacts(String name, String podCidr, String hostIp) {
        /** Empty until the Node says what can be allotted on it. */
        static Optional<NodeFacts> of(KubeObject node) {
            if (node.status().object("allocatable").isEmpty()) {
                return Optional.empty();
            }
            String address =
                    node.status().array("addresses").objects().stream()
                            .filter(one -> one.text("type").equals("InternalIP"))
                            .map(one -> one.text("address"))
                            .findFirst()
                            .orElse("");
            return Optional.of(new NodeFacts(node.name(), node.spec().text("podCIDR"), address));
        }
    }

    PodFacts with(Volumes others) {
        return new PodFacts(
                uid,
                pod,
                podsComplete,
                reality,
                record,
                inputs,
                others,
                lastStatus,
                memory,
                node,
                driver,
                now,
                uptime);
    }

    List<PodReality.Container> existing() {
        return reality == null ? List.of() : reality.containers();
    }

    List<PodReality.Container> running() {
        return existing().stream()
                .filter(container -> container.state() == PodReality.State.RUNNING)
                .toList();
    }

    Optional<PodReality.Container> newest(String container) {
        return reality == null ? Optional.empty() : reality.newest(container);
    }

    boolean sandboxRunning() {
        return reality != null && reality.sandboxRunning();
    }

    /** {@code ""} while it has none. */
    String podIp() {
        if (pod != null && pod.spec().flag("hostNetwork")) {
            return hostIp();
        }
        return reality == null ? "" : reality.ip();
    }

    String hostIp() {
        return node == null ? "" : node.hostIp();
    }

    PodFields fields(KubeObject of) {
        return new PodFields(of, node == null ? "" : node.name(), hostIp(), podIp());
    }

    /** The container's entry in the last status; empty if there is none. */
    JsonObject lastStatusOf(String container) {
        return Stream.of("containerStatuses", "initContainerStatuses")
                .flatMap(list -> lastStatus.array(list).objects().stream())
                .filter(status -> status.text("name").equals(container))
                .findFirst()
                .orElse(JsonObject.EMPTY);
    }

    /** The newest attempt that was reported to have been started. */
    OptionalInt lastReportedAttempt(String container) {
        JsonObject status = lastStatusOf(container);
        return status.text("containerID").isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of((int) status.number("restartCount").orElse(0));
    }

    /** The newest attempt that belongs to surroundings which are gone; -1 if there is none. */
    int former(String container) {
        return record == null ? -1 : record.former().getOrDefault(container, -1);
    }

    /** Whether the pod has ended for good; nothing of it is ever started again. */
    boolean terminal() {
        String phase = lastStatus.text("phase");
        return phase.equals("Succeeded") || phase.equals("Failed");
    }
}
