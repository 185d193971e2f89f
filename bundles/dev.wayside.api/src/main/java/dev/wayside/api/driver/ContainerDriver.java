// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Runs pods' containers. A driver keeps no wishes of its own: it does one step when asked and tells
 * what is there. Everything it makes carries the gateway's UID and the pod's UID, and it sees
 * nothing else, so that several gateways can share one engine. What it made outlives the driver,
 * the bundle and the gateway's process, and is found again by {@link #pods}.
 *
 * <p>Every method is idempotent, safe for any thread (calls for one pod come one at a time, {@link
 * #stopContainer} excepted) and blocks for a bounded time. Names are deterministic in (pod UID,
 * container name, attempt), so that a call repeated after a crash finds what the first made.
 */
@ConsumerType
public interface ContainerDriver {
    /** Service property: the driver's name, {@code docker} or {@code process}. */
    String NAME = "wayside.driver";

    /**
     * Asks the engine whether it is well.
     *
     * @return for {@code nodeInfo.containerRuntimeVersion}, for instance {@code docker://20.10.24}
     * @throws DriverException UNAVAILABLE if it does not answer within 5 s
     */
    String version() throws DriverException;

    /** Everything of this gateway that exists, running or not. */
    List<PodReality> pods() throws DriverException;

    /** What exists of one pod; empty if nothing does. */
    Optional<PodReality> pod(String podUid) throws DriverException;

    /**
     * Makes the image available.
     *
     * @param policy Kubernetes' {@code imagePullPolicy}
     * @throws DriverException REFUSED with reason {@code InvalidImageName}, {@code
     *     ErrImageNeverPull} or {@code ErrImageNotSupported}; UNAVAILABLE with reason {@code
     *     ErrImagePull} if pulling may succeed later
     */
    void ensureImage(String image, PullPolicy policy) throws DriverException;

    /**
     * Makes and starts the pod's shared surroundings (network namespace, address), or finds them
     * running.
     */
    PodReality ensureSandbox(SandboxRequest request) throws DriverException;

    /**
     * Creates and starts one attempt of a container. If that attempt exists and was never started
     * it is started; if it was started, nothing is done, also if it has ended since: an attempt
     * runs once.
     *
     * @throws DriverException REFUSED with reason {@code CreateContainerError} or {@code
     *     RunContainerError} if the engine will not have it (bad command, bad mount)
     */
    PodReality.Container startContainer(ContainerRequest request) throws DriverException;

    /**
     * Asks the container to end (SIGTERM, or the image's stop signal) and kills it after the grace
     * period. Returns when it has ended; ended or absent already is fine.
     *
     * <p>While one call waits, others may come for the same pod: for its other containers, and for
     * the same container with a shorter grace period, which then counts. Both calls return when the
     * container has ended. A thread that is interrupted while it waits throws UNAVAILABLE.
     */
    void stopContainer(String podUid, String containerId, Duration grace) throws DriverException;

    /**
     * Runs a command inside of a running container, beside what runs there: in its namespaces, with
     * its limits, user, environment and working folder. Nothing is read from standard input.
     * Returns when the command has ended; after the timeout it is killed with all its children.
     *
     * <p>Calls for one container may come side by side, and beside all others. A command that
     * cannot be run (there is no such program) ends with 126 or 127, as a shell would have it. A
     * thread that is interrupted while it waits throws UNAVAILABLE; the command is killed.
     *
     * @throws DriverException GONE if the container does not run; UNAVAILABLE if it cannot be told
     *     what became of the command, or one that was given up before cannot be ended
     */
    ExecResult exec(String podUid, String containerId, List<String> command, Duration timeout)
            throws DriverException;

    /** Removes an ended container and its log. A running one is REFUSED. */
    void removeContainer(String podUid, String containerId) throws DriverException;

    /** Kills and removes whatever is left of the pod, surroundings included. */
    void removePod(String podUid) throws DriverException;

    /**
     * Calls the listener with a pod's UID when something about it may have changed. Hints only:
     * they may be late, repeated, lost. The listener does not block.
     */
    Subscription watch(Consumer<String> podUid);

    /** Ends a watch. Closing twice does nothing. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
