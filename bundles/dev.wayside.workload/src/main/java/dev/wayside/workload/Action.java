// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One step for one pod. Each is idempotent: it may be done, lost half way, and done again. */
sealed interface Action {

    /** Decides, once per UID, whether the pod may run here, and remembers the answer. */
    record Admit() implements Action {}

    /** Puts the volumes' content on disk. */
    record PrepareVolumes(Map<String, VolumeWant> wants) implements Action {}

    record EnsureSandbox(SandboxRequest request) implements Action {}

    /**
     * Remembers in which surroundings the init containers run, before any does.
     *
     * @param former by container: the newest attempt that was started in others
     */
    record NoteSandbox(String sandboxId, Map<String, Integer> former) implements Action {}

    /** Done in the background; its end queues the pod's key. */
    record PullImage(String container, String image, PullPolicy policy, int attempt)
            implements Action {}

    /**
     * @param postStart done in the background once it runs
     */
    record StartContainer(ContainerRequest request, @Nullable Handler postStart)
            implements Action {}

    /**
     * Done in the background; its end queues the pod's key.
     *
     * @param replaced whether the container is to be started anew with another spec
     * @param why for people, a whole sentence
     * @param preStop done first, within the grace period
     */
    record StopContainer(
            String containerId,
            String name,
            int attempt,
            Duration grace,
            boolean replaced,
            String why,
            @Nullable Handler preStop)
            implements Action {}

    record RemoveContainer(String containerId, String name) implements Action {}

    /** Removes what is left of the pod at the driver. */
    record RemovePod() implements Action {}

    /** Removes the pod's folder and then what is remembered of the pod. */
    record Forget() implements Action {}

    record ConfirmDeletion() implements Action {}

    record ReportStatus(JsonObject status) implements Action {}

    /**
     * Reports an event.
     *
     * @param once it is not said again while this stays the same; {@code ""} to say it each time
     */
    record Say(String type, String reason, String message, String once) implements Action {}

    /** Nothing more to do before that uptime. */
    record Wait(Duration until) implements Action {}

    /**
     * Whether something is different afterwards, so that it pays to look and plan again at once.
     */
    default boolean changesReality() {
        return !(this instanceof PullImage
                || this instanceof StopContainer
                || this instanceof ReportStatus
                || this instanceof ConfirmDeletion
                || this instanceof Say
                || this instanceof Wait);
    }
}
