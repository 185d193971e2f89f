// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Control groups for containers, where the device has them and lets us: version 1 with memory and
 * cpu hierarchies, or version 2. Below each hierarchy stands {@code ROOT/GATEWAY/CONTAINER}.
 */
final class Cgroups {
    private static final Logger LOG = LoggerFactory.getLogger(Cgroups.class);
    private static final long PERIOD_MICROS = 100_000;

    private final Path mounts;
    private final String root;
    private final String gatewayUid;
    private final AtomicBoolean complained = new AtomicBoolean();

    /**
     * @param mounts {@code /proc/self/mounts}, or a test's
     * @param root the groups' parent, for instance {@code wayside}
     */
    Cgroups(Path mounts, String root, String gatewayUid) {
        this.mounts = mounts;
        this.root = root;
        this.gatewayUid = gatewayUid;
    }

    /** Limits as in the container's request; 0 for none, or the least weight. */
    record Limits(long memoryBytes, long milliCpu, long milliCpuRequest) {
        boolean any() {
            return memoryBytes > 0 || milliCpu > 0;
        }

        /** What kubelet makes of the same request. */
        long shares() {
            return Math.min(262_144, Math.max(2, milliCpuRequest * 1024 / 1000));
        }

        long quotaMicros() {
            return Math.max(1000, milliCpu * PERIOD_MICROS / 1000);
        }
    }

    private record Hierarchy(Path folder, boolean memory, boolean cpu, boolean unified) {}

    /**
     * Makes the container's groups, or finds them, with these limits.
     *
     * @return their folders; empty if there are none to be had, in which case the container runs
     *     without limits and this says so once
     */
    List<Path> make(String container, Limits limits) {
        List<Path> made = new ArrayList<>();
        boolean memory = false;
        boolean cpu = false;
        try {
            for (Hierarchy hierarchy : hierarchies()) {
                Path folder = hierarchy.folder().resolve(root).resolve(gatewayUid);
                if (hierarchy.unified()) {
                    delegate(hierarchy, folder);
                }
                Path group = folder.resolve(container);
                makeFolder(group);
                made.add(group);
                apply(hierarchy, group, limits);
                memory |= hierarchy.memory();
                cpu |= hierarchy.cpu();
            }
        } catch (IOException e) {
            complain(e.toString());
        }
        if (limits.any() && !(memory && cpu)) {
            complain("no hierarchy with memory and cpu");
        }
        return made;
    }

    /** Removes a container's groups; those that are gone, or not empty yet, stay as they are. */
    void remove(String container) {
        try {
            for (Hierarchy hierarchy : hierarchies()) {
                Path group =
                        hierarchy.folder().resolve(root).resolve(gatewayUid).resolve(container);
                // A killed process leaves its group a moment after it is gone from the table.
                for (int tries = 0; Files.exists(group) && !removed(group); tries++) {
                    if (tries == 50) {
                        LOG.warn("control group {} is not empty and stays", group);
                        break;
                    }
                    TimeUnit.MILLISECONDS.sleep(20);
                }
                removeEmptyParents(group);
            }
        } catch (IOException e) {
            LOG.warn("control groups of {} stay", container, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Makes a group that another thread does not take for an empty parent meanwhile. */
    private synchronized void makeFolder(Path group) throws IOException {
        Files.createDirectories(group);
    }

    private synchronized void removeEmptyParents(Path group) {
        Path gateway = DurableFiles.folderOf(group);
        if (removed(gateway)) {
            removed(DurableFiles.folderOf(gateway));
        }
    }

    private static boolean removed(Path group) {
        try {
            return Files.deleteIfExists(group);
        } catch (IOException busy) {
            return false;
        }
    }

    private static void apply(Hierarchy hierarchy, Path group, Limits limits) throws IOException {
        if (hierarchy.memory() && limits.memoryBytes() > 0) {
            set(
                    group.resolve(hierarchy.unified() ? "memory.max" : "memory.limit_in_bytes"),
                    limits.memoryBytes());
        }
        if (!hierarchy.cpu()) {
            return;
        }
        if (hierarchy.unified()) {
            // The mapping that runc uses from version 1's range to version 2's.
            set(group.resolve("cpu.weight"), 1 + (limits.shares() - 2) * 9999 / 262_142);
            if (limits.milliCpu() > 0) {
                write(group.resolve("cpu.max"), limits.quotaMicros() + " " + PERIOD_MICROS);
            }
        } else {
            set(group.resolve("cpu.shares"), limits.shares());
            if (limits.milliCpu() > 0) {
                set(group.resolve("cpu.cfs_period_us"), PERIOD_MICROS);
                set(group.resolve("cpu.cfs_quota_us"), limits.quotaMicros());
            }
        }
    }

    /** Hands the controllers down to the folder's children. */
    private static void delegate(Hierarchy hierarchy, Path folder) throws IOException {
        Path parent = DurableFiles.folderOf(folder);
        Files.createDirectories(folder);
        String controllers =
                (hierarchy.memory() ? "+memory " : "") + (hierarchy.cpu() ? "+cpu" : "");
        if (controllers.isEmpty()) {
            return; // still good for finding stragglers
        }
        for (Path level : List.of(hierarchy.folder(), parent, folder)) {
            write(level.resolve("cgroup.subtree_control"), controllers.strip());
        }
    }

    private List<Hierarchy> hierarchies() throws IOException {
        List<Hierarchy> found = new ArrayList<>();
        try (Stream<String> lines = Files.lines(mounts, StandardCharsets.ISO_8859_1)) {
            for (String line : lines.toList()) {
                String[] fields = line.split(" ");
                if (fields.length < 4) {
                    continue;
                }
                Path folder = Path.of(fields[1]);
                Set<String> options = new LinkedHashSet<>(List.of(fields[3].split(",")));
                if (fields[2].equals("cgroup")
                        && (options.contains("memory") || options.contains("cpu"))) {
                    found.add(
                            new Hierarchy(
                                    folder,
                                    options.contains("memory"),
                                    options.contains("cpu"),
                                    false));
                } else if (fields[2].equals("cgroup2")) {
                    Set<String> controllers =
                            Set.copyOf(
                                    List.of(
                                            Files.readString(folder.resolve("cgroup.controllers"))
                                                    .strip()
                                                    .split(" ")));
                    found.add(
                            new Hierarchy(
                                    folder,
                                    controllers.contains("memory"),
                                    controllers.contains("cpu"),
                                    true));
                }
            }
        }
        return found;
    }

    private void complain(String why) {
        if (complained.compareAndSet(false, true)) {
            LOG.warn("containers run without cpu and memory limits: {}", why);
        }
    }

    private static void set(Path file, long value) throws IOException {
        write(file, Long.toString(value));
    }

    private static void write(Path file, String value) throws IOException {
        Files.writeString(file, value + "\n", StandardCharsets.US_ASCII);
    }
}
