// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import java.util.Collection;
import java.util.Map;

/**
 * One site as it is now, over all grids of the rollout.
 *
 * @param name its value
 * @param exists whether it has any child
 * @param updated whether it has what the grids ask for now
 * @param changed whether it was changed to that since that was asked
 * @param former whether it is known what it had before
 * @param restored whether it has that; also if it is not known
 * @param settled whether all its replicas are available, from what it has
 * @param available whether it serves, be it with fewer replicas
 * @param away whether none of its nodes can be heard
 * @param restarts of one of its new pods, the worst
 * @param restartedPod which
 * @param trouble what is wrong with it or still missing, in words
 * @param labels of its nodes and its NodeUnit
 */
public record Site(
        String name,
        boolean exists,
        boolean updated,
        boolean changed,
        boolean former,
        boolean restored,
        boolean settled,
        boolean available,
        boolean away,
        long restarts,
        String restartedPod,
        String trouble,
        Collection<Map<String, String>> labels) {}
