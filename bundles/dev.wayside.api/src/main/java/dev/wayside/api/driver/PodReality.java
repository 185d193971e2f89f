// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What exists of one pod.
 *
 * @param namespace and {@code name}: of the Pod, from the labels, for logs
 * @param sandboxRunning whether the shared surroundings are there and usable
 * @param sandboxId names these surroundings: once they are lost (also because the device has
 *     rebooted), those made in their place have another one; {@code ""} if there are none
 * @param ip the pod's address, {@code ""} if it has none yet
 * @param containers every attempt that still exists, oldest first
 */
public record PodReality(
        String uid,
        String namespace,
        String name,
        boolean sandboxRunning,
        String sandboxId,
        String ip,
        List<Container> containers) {

    public PodReality {
        containers = List.copyOf(containers);
    }

    /** The newest attempt of the container. */
    public Optional<Container> newest(String containerName) {
        return containers.stream()
                .filter(container -> container.name().equals(containerName))
                .max(java.util.Comparator.comparingInt(Container::attempt));
    }

    public enum State {
        /** Made, never started. */
        CREATED,
        RUNNING,
        EXITED
    }

    /**
     * One attempt of one container.
     *
     * @param id the engine's, with its scheme as in {@code containerStatuses.containerID}, for
     *     instance {@code docker://HEX}
     * @param name as in the pod's spec
     * @param attempt 0 for the first start of that container, counted up at each restart
     * @param specHash as given at creation
     * @param image as given at creation
     * @param imageId the engine's, {@code ""} if it has none
     * @param started null if never
     * @param finished null unless EXITED
     * @param exitCode meaningful only if EXITED; 128 + n after signal n; 137 if unknown
     * @param reason {@code ""}, {@code Completed}, {@code Error}, {@code OOMKilled}, {@code
     *     ContainerStatusUnknown} …
     */
    public record Container(
            String id,
            String name,
            int attempt,
            String specHash,
            String image,
            String imageId,
            State state,
            @Nullable Instant started,
            @Nullable Instant finished,
            int exitCode,
            String reason) {}
}
