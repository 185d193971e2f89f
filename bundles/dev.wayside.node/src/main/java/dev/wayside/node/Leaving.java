// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Undoes joining: removes every container of this gateway, then erases key and state. Asked for by
 * a marker file, so that it is begun again if it is cut short. The Node stays with the connector:
 * it is the operator who deletes it.
 */
final class Leaving {
    static final String MARKER = "leave-requested";

    private static final Logger LOG = LoggerFactory.getLogger(Leaving.class);
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Path marker;
    private final IdentityFolder identity;
    private final List<Path> erased;
    private final AtomicFiles files;

    /**
     * @param data the data folder
     * @param erased what goes, besides the identity
     */
    Leaving(Path data, IdentityFolder identity, List<Path> erased, AtomicFiles files) {
        this.marker = data.resolve(MARKER);
        this.identity = identity;
        this.erased = erased;
        this.files = files;
    }

    boolean requested() {
        return Files.exists(marker);
    }

    /** Asks for it; the running gateway, or else the next start, does it. */
    void request() throws IOException {
        files.write(marker, "");
    }

    /**
     * Stops and removes all pods, once; to be repeated until nothing is left.
     *
     * @return how many pods are left, in one driver or another
     * @throws DriverException the first failure, once all else that can be removed is
     */
    int removePods(Collection<ContainerDriver> drivers) throws DriverException {
        int left = 0;
        List<DriverException> failures = new ArrayList<>();
        for (ContainerDriver driver : drivers) {
            try {
                for (PodReality pod : driver.pods()) {
                    remove(driver, pod).ifPresent(failures::add);
                }
                left += driver.pods().size();
            } catch (DriverException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
        return left;
    }

    /** Why it is not removed; empty if it is. */
    private static Optional<DriverException> remove(ContainerDriver driver, PodReality pod) {
        String name = pod.namespace() + "/" + pod.name();
        for (PodReality.Container container : pod.containers()) {
            if (container.state() == PodReality.State.RUNNING) {
                try {
                    driver.stopContainer(pod.uid(), container.id(), GRACE);
                } catch (DriverException e) {
                    LOG.debug("Leaving: a container of {} does not stop; it is killed", name, e);
                }
            }
        }
        try {
            driver.removePod(pod.uid());
        } catch (DriverException e) {
            if (e.kind() != DriverException.Kind.GONE) {
                return Optional.of(e);
            }
        }
        LOG.info("Leaving: removed pod {}", name);
        return Optional.empty();
    }

    /** Erases all; whoever has files of it open must have closed them. */
    void erase() throws IOException {
        for (Path path : erased) {
            files.delete(path);
        }
        identity.erase();
        files.delete(marker);
    }
}
