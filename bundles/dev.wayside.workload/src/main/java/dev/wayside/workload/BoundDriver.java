// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A driver that is there, what it said last, and which pods it has. It is of use once it has
 * answered and its pods are known; until then nothing is decided about any pod of it.
 */
final class BoundDriver {
    /** Silence after which it counts as down. A probe that hangs is silence too. */
    static final Duration SILENCE = Duration.ofSeconds(20);

    static final Duration RELIST = Duration.ofSeconds(60);

    private static final Logger LOG = LoggerFactory.getLogger(BoundDriver.class);

    /** What the last probe told. {@code answered} and {@code listed} are uptimes. */
    private record Health(
            boolean up,
            String version,
            String message,
            @Nullable Duration answered,
            @Nullable Duration listed) {}

    private final String name;
    private final ContainerDriver driver;
    private final Supplier<Duration> uptime;
    private final Map<String, ObjectKey> pods = new ConcurrentHashMap<>();
    private volatile Health health = new Health(false, "", "it has not answered yet", null, null);

    BoundDriver(String name, ContainerDriver driver, Supplier<Duration> uptime) {
        this.name = name;
        this.driver = driver;
        this.uptime = uptime;
    }

    String name() {
        return name;
    }

    ContainerDriver driver() {
        return driver;
    }

    /**
     * Asks whether it is well and, when it has come back or it is time, what it has. Blocks as long
     * as the driver does.
     *
     * @return whether it is of use now and was not before
     */
    boolean probe() {
        boolean before = usable();
        Health last = health;
        try {
            String version = driver.version();
            Duration listed = last.listed();
            if (!before || listed == null || uptime.get().minus(listed).compareTo(RELIST) >= 0) {
                list();
                listed = uptime.get();
            }
            health = new Health(true, version, "", uptime.get(), listed);
        } catch (DriverException | RuntimeException e) {
            String message = String.valueOf(e.getMessage());
            health = new Health(false, last.version(), message, last.answered(), last.listed());
            if (last.up()) {
                LOG.warn("The container runtime {} is down: {}", name, message);
            }
            return false;
        }
        if (!before) {
            LOG.info("The container runtime {} answers: {}", name, health.version());
        }
        return !before;
    }

    private void list() throws DriverException {
        Map<String, ObjectKey> found = new ConcurrentHashMap<>();
        for (PodReality pod : driver.pods()) {
            found.put(pod.uid(), ResourceType.PODS.key(pod.namespace(), pod.name()));
        }
        // A pod that is being made right now may be missing in the list; its key is worked on, and
        // its record names this driver.
        pods.keySet().retainAll(found.keySet());
        pods.putAll(found);
    }

    /** Whether it answers and its pods are known. */
    boolean usable() {
        Health now = health;
        return now.up()
                && now.answered() != null
                && uptime.get().minus(now.answered()).compareTo(SILENCE) <= 0;
    }

    String version() {
        return health.version();
    }

    /** Why it is not of use; {@code ""} if it is. */
    String trouble() {
        Health now = health;
        if (usable()) {
            return "";
        }
        return now.up()
                ? "it has not answered for more than " + SILENCE.toSeconds() + " s"
                : now.message();
    }

    /** The pods that it has, by UID: those listed last, and those seen since. */
    Map<String, ObjectKey> pods() {
        return pods;
    }

    void saw(String uid, ObjectKey key) {
        pods.put(uid, key);
    }

    void gone(String uid) {
        pods.remove(uid);
    }
}
