// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.node;

import java.time.Duration;
import org.osgi.annotation.versioning.ProviderType;

/**
 * How the workload agent fares; the node bundle reads it for the Lease and the Ready condition.
 * Safe for any thread; never blocks.
 */
@ProviderType
public interface AgentProgress {
    /** Monotonic time since the sync loop last finished a round, whatever the pods' outcomes. */
    Duration sinceProgress();

    /** What to say of the container runtime. */
    RuntimeState runtime();

    /**
     * @param up whether it answered last time
     * @param version for {@code status.nodeInfo.containerRuntimeVersion}, for instance {@code
     *     docker://20.10.24}; {@code ""} if never seen
     * @param message why it is down, for people; {@code ""} if it is up
     */
    record RuntimeState(boolean up, String version, String message) {}
}
