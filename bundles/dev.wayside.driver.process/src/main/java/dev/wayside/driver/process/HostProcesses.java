// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Starts and ends the process of one container. */
final class HostProcesses {
    /** How long a start may take, and a kill. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final long STEP_MILLIS = 10;

    /** How often a waiter must be missed in succession to count as gone; takes 2 s. */
    private static final int LOOKS = 20;

    private final Waiter waiter;
    private final Cgroups cgroups;
    private final Accounts accounts;
    private final Clock clock;

    HostProcesses(Waiter waiter, Cgroups cgroups, Accounts accounts, Clock clock) {
        this.waiter = waiter;
        this.cgroups = cgroups;
        this.accounts = accounts;
        this.clock = clock;
    }

    /** Something that comes about by itself. */
    private interface Condition {
        boolean holds() throws DriverException, IOException;
    }

    /**
     * Writes down what is to be started, unless that was done before; nothing is made of what is
     * refused.
     */
    void create(ContainerFolder container, ContainerRequest request)
            throws DriverException, IOException {
        if (!container.exists()) {
            Launch.of(request, container.mountPoint(), accounts);
            container.create(request, clock);
        }
    }

    /** Starts what was created; returns once it is known to have run. */
    PodReality.Container start(ContainerFolder container, ContainerRequest request)
            throws DriverException, IOException {
        PodReality.Container now = read(container);
        if (now.state() != PodReality.State.CREATED) {
            return now;
        }
        if (container.claimed()) {
            // Left by a gateway that died: its waiter may be about to start the program.
            await("finding " + request, PATIENCE, new Begun(container));
            now = read(container);
            if (now.state() != PodReality.State.CREATED) {
                return now;
            }
            // That waiter died before it started anything.
            container.dropClaim();
        }
        // If a waiter without a claim is still on its way, one of the two will win the claim.
        launch(container, request);
        await("starting " + request, PATIENCE, new Begun(container));
        now = read(container);
        if (now.state() == PodReality.State.CREATED) {
            throw Failures.unavailable(
                    "RunContainerError", request + " was not started: the disk may be full");
        }
        return now;
    }

    private void launch(ContainerFolder container, ContainerRequest request)
            throws DriverException, IOException {
        Launch launch = Launch.of(request, container.mountPoint(), accounts);
        MountFolder.make(container.mountPoint(), request.mounts());
        StringBuilder groups = new StringBuilder();
        Cgroups.Limits limits =
                new Cgroups.Limits(
                        request.memoryLimitBytes(),
                        request.milliCpuLimit(),
                        request.milliCpuRequest());
        for (Path group : cgroups.make(groupOf(container), limits)) {
            groups.append(group).append('\n');
        }
        DurableFiles.write(
                container.path().resolve("cgroup"),
                groups.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        waiter.run(container.path(), launch);
    }

    /** Whether the start has been recorded, or nobody is there who would do it. */
    private final class Begun implements Condition {
        private final ContainerFolder container;
        private int misses;

        Begun(ContainerFolder container) {
            this.container = container;
        }

        @Override
        public boolean holds() throws DriverException, IOException {
            if (read(container).state() != PodReality.State.CREATED) {
                return true;
            }
            // Not found once says nothing: a process that is just changing its program has no
            // arguments for a moment.
            misses = waiter.of(container.path()).isEmpty() ? misses + 1 : 0;
            return misses == LOOKS;
        }
    }

    /** Ends it, gently first. */
    void stop(ContainerFolder container, Duration grace) throws DriverException, IOException {
        if (!running(container)) {
            return;
        }
        waiter.signal(container.path(), "TERM");
        if (!holdsWithin(grace, () -> !running(container))) {
            kill(container);
        }
    }

    /** Ends it and all that it has left, whatever its state. */
    void kill(ContainerFolder container) throws DriverException, IOException {
        if (running(container)) {
            waiter.kill(container.path());
            await("killing " + container.path(), PATIENCE, () -> !running(container));
        }
    }

    /** Ends it, and waiters that have not started anything yet, and strays. */
    void killAll(ContainerFolder container) throws DriverException, IOException {
        await(
                "killing " + container.path(),
                PATIENCE,
                () -> {
                    kill(container);
                    if (container.ended()) {
                        return true; // the waiter's last words
                    }
                    // Without a start on record only its waiters can be at work.
                    boolean none = true;
                    for (ProcessHandle starting : waiter.of(container.path())) {
                        none &= !starting.destroyForcibly();
                    }
                    return none;
                });
        waiter.kill(container.path());
        // Those that left group and session, where there is no control group to hold them.
        for (ProcessHandle stray :
                ProcessTable.withEnvironment(Launch.MOUNT_POINT + "=" + container.mountPoint())) {
            stray.destroyForcibly();
        }
    }

    /** To be called when all of it was killed. */
    void forget(ContainerFolder container) throws DriverException, IOException {
        // What has nothing left to tell may still be about to make a file.
        await(
                "ending the writers of " + container.path(),
                PATIENCE,
                () -> {
                    List<ProcessHandle> writers = waiter.writers(container.path());
                    writers.forEach(ProcessHandle::destroyForcibly);
                    return writers.isEmpty();
                });
        cgroups.remove(groupOf(container));
        DurableFiles.deleteTree(container.path());
    }

    boolean running(ContainerFolder container) throws IOException {
        return container
                .read()
                .map(dated -> dated.container().state() == PodReality.State.RUNNING)
                .orElse(false);
    }

    private static PodReality.Container read(ContainerFolder container)
            throws IOException, DriverException {
        return container
                .read()
                .orElseThrow(
                        () ->
                                Failures.unavailable(
                                        "RunContainerError",
                                        container.path() + " was removed meanwhile"))
                .container();
    }

    /** {@code POD_NAME_ATTEMPT}, from {@code POD/containers/NAME/ATTEMPT}. */
    private static String groupOf(ContainerFolder container) {
        Path path = container.path();
        int count = path.getNameCount();
        return path.getName(count - 4)
                + "_"
                + path.getName(count - 2)
                + "_"
                + path.getName(count - 1);
    }

    private static void await(String what, Duration atMost, Condition condition)
            throws DriverException, IOException {
        if (!holdsWithin(atMost, condition)) {
            throw Failures.unavailable("ProcessDriverSlow", what + " takes longer than " + atMost);
        }
    }

    private static boolean holdsWithin(Duration atMost, Condition condition)
            throws DriverException, IOException {
        long begin = System.nanoTime();
        long step = STEP_MILLIS;
        try {
            while (!condition.holds()) {
                long left = atMost.toNanos() - (System.nanoTime() - begin);
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.sleep(Math.min(left, TimeUnit.MILLISECONDS.toNanos(step)));
                step = Math.min(step + STEP_MILLIS, 20 * STEP_MILLIS);
            }
            return true;
        } catch (InterruptedException e) {
            throw Failures.interrupted("waiting");
        }
    }
}
