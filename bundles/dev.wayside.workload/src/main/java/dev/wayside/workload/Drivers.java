// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.node.AgentProgress.RuntimeState;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodContainers;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** The drivers that are there now, and which of them a pod belongs to. Safe for any thread. */
final class Drivers {
    /** The driver of host processes; the one that runs no other images. */
    static final String PROCESS = "process";

    static final String HOST_IMAGE = "wayside.dev/host";

    private final List<BoundDriver> bound = new CopyOnWriteArrayList<>();

    void add(BoundDriver driver) {
        bound.add(driver);
    }

    void remove(BoundDriver driver) {
        bound.remove(driver);
    }

    List<BoundDriver> all() {
        return bound;
    }

    /** The driver of that name, if it is of use. While it is swapped there may be two. */
    Optional<BoundDriver> named(String name) {
        return bound.stream()
                .filter(driver -> driver.name().equals(name))
                .filter(BoundDriver::usable)
                .findFirst();
    }

    /** The driver that has something of the pod. */
    Optional<BoundDriver> holding(String uid) {
        return bound.stream()
                .filter(BoundDriver::usable)
                .filter(driver -> driver.pods().containsKey(uid))
                .findFirst();
    }

    /**
     * The driver for a pod of which nothing exists yet; empty if the right one is not of use now.
     */
    Optional<BoundDriver> suiting(KubeObject pod) {
        boolean host =
                PodContainers.all(pod).stream()
                        .anyMatch(container -> isHostImage(container.text("image")));
        List<BoundDriver> right =
                bound.stream().filter(driver -> driver.name().equals(PROCESS) == host).toList();
        return (right.isEmpty() ? bound : right).stream().filter(BoundDriver::usable).findFirst();
    }

    static boolean isHostImage(String image) {
        return image.equals(HOST_IMAGE) || image.startsWith(HOST_IMAGE + ":");
    }

    /** Whether everything that exists is known: there is a driver, and all of them answer. */
    boolean settled() {
        return !bound.isEmpty() && bound.stream().allMatch(BoundDriver::usable);
    }

    /** UIDs of pods of that name that exist. */
    Set<String> uids(ObjectKey key) {
        Set<String> uids = new LinkedHashSet<>();
        for (BoundDriver driver : bound) {
            driver.pods()
                    .forEach(
                            (uid, known) -> {
                                if (known.equals(key)) {
                                    uids.add(uid);
                                }
                            });
        }
        return uids;
    }

    Optional<ObjectKey> key(String uid) {
        return bound.stream()
                .flatMap(driver -> Optional.ofNullable(driver.pods().get(uid)).stream())
                .findFirst();
    }

    /** Up only if every driver answers. */
    RuntimeState state() {
        List<BoundDriver> now = List.copyOf(bound);
        String versions =
                now.stream()
                        .map(BoundDriver::version)
                        .filter(version -> !version.isEmpty())
                        .distinct()
                        .collect(Collectors.joining(","));
        if (now.isEmpty()) {
            return new RuntimeState(false, versions, "no container driver is installed");
        }
        String troubles =
                now.stream()
                        .filter(driver -> named(driver.name()).isEmpty())
                        .map(driver -> driver.name() + ": " + driver.trouble())
                        .distinct()
                        .collect(Collectors.joining("; "));
        return new RuntimeState(troubles.isEmpty(), versions, troubles);
    }
}
