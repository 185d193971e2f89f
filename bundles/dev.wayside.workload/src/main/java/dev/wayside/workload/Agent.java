// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.node.AgentProgress.RuntimeState;
import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodReferences;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.EventLoops;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The agent's parts, put together: what queues keys, and what works on them. */
final class Agent {
    private final DesiredState state;
    private final Drivers drivers = new Drivers();
    private final Memories memories = new Memories();
    private final PodRecords records;
    private final AgentLoop loop;
    private final EventLoops network = new EventLoops("wayside-workload-prober", 1);
    private final Prober prober;
    private final PodSync sync;
    private final VolumeRemoval removal;
    private final Map<ContainerDriver, DriverProbe> probes = new ConcurrentHashMap<>();
    private final List<DesiredState.Subscription> watches = new CopyOnWriteArrayList<>();
    private final long started = System.nanoTime();

    /**
     * @param dir the folder that holds a folder per pod
     * @param volumesDir where PersistentVolumes are
     * @param workers how many pods are worked on at once
     * @param resync how often every pod is looked at though nothing was heard of it
     */
    Agent(
            DesiredState state,
            Outbox outbox,
            LocalRecords localRecords,
            String nodeName,
            Path dir,
            Path volumesDir,
            int workers,
            Duration resync,
            Clock clock) {
        this.state = state;
        this.records = new PodRecords(localRecords);
        this.loop = new AgentLoop(outbox, workers, resync, this::uptime);
        ClaimedFolders claimed = new ClaimedFolders(dir, volumesDir, localRecords);
        this.removal = new VolumeRemoval(state, outbox, claimed);
        VolumeStore volumes = new VolumeStore(dir, claimed);
        EventLoop io = network.group().next();
        Prober.Timer timer = new LoopTimer(io, this::uptime);
        ExecChecks commands = new ExecChecks(drivers, loop.execs());
        Checks checks = new HandlerChecks(commands, new NetworkChecks(io), timer, loop.hooks());
        this.prober =
                new Prober(
                        timer,
                        checks,
                        memories,
                        loop::queue,
                        loop::event,
                        () -> ThreadLocalRandom.current().nextDouble());
        PodActor actor =
                new PodActor(
                        outbox,
                        records,
                        new Admitter(state, outbox, records, nodeName),
                        volumes,
                        memories,
                        this::uptime,
                        loop.pulls(),
                        loop.stops(),
                        loop.hooks(),
                        new Hooks(commands, checks),
                        loop::queue,
                        loop::event);
        this.sync =
                new PodSync(
                        state,
                        outbox,
                        records,
                        drivers,
                        volumes,
                        new Planner(dir, volumesDir),
                        actor,
                        prober,
                        memories,
                        nodeName,
                        clock,
                        this::uptime);
    }

    private Duration uptime() {
        return Duration.ofNanos(System.nanoTime() - started);
    }

    void start() {
        loop.start(new Work());
        watches.add(state.watch(ResourceType.PODS, loop::queue));
        watches.add(state.watch(ResourceType.CONFIG_MAPS, this::queueUsers));
        watches.add(state.watch(ResourceType.SECRETS, this::queueUsers));
        watches.add(state.watch(ResourceType.PERSISTENT_VOLUME_CLAIMS, this::queueUsers));
        watches.add(state.watch(ResourceType.PERSISTENT_VOLUMES, this::volumeChanged));
        // The Node's coming is what pods wait for that have not been admitted.
        watches.add(
                state.watch(
                        ResourceType.NODES,
                        key -> queuePods(pod -> records.get(pod.uid()).isEmpty())));
    }

    /** Ends within five seconds. */
    void stop() {
        watches.forEach(DesiredState.Subscription::close);
        new ArrayList<>(probes.values()).forEach(DriverProbe::close);
        sync.stop();
        prober.stop();
        loop.stop();
        network.close();
    }

    void addDriver(String name, ContainerDriver driver) {
        BoundDriver bound = new BoundDriver(name, driver, this::uptime);
        DriverProbe probe = new DriverProbe(bound, this::driverIsBack, this::queueUid);
        drivers.add(bound);
        probes.put(driver, probe);
        probe.start();
    }

    void removeDriver(ContainerDriver driver) {
        DriverProbe probe = probes.remove(driver);
        if (probe != null) {
            drivers.remove(probe.driver());
            probe.close();
        }
    }

    private void driverIsBack() {
        // What failed for want of a driver is tried again at once.
        memories.updateAll(PodMemory::withoutFailures);
        sync.keys().forEach(loop::queue);
    }

    private void queueUid(String uid) {
        drivers.key(uid).or(() -> records.get(uid).map(PodRecord::key)).ifPresent(loop::queue);
    }

    private void queueUsers(ObjectKey source) {
        queuePods(pod -> PodReferences.of(pod).contains(source));
    }

    private void volumeChanged(ObjectKey volume) {
        loop.queue(volume);
        state.get(volume)
                .map(it -> it.spec().object("claimRef"))
                .map(
                        claim ->
                                ResourceType.PERSISTENT_VOLUME_CLAIMS.key(
                                        claim.text("namespace"), claim.text("name")))
                .ifPresent(this::queueUsers);
    }

    private void queuePods(Predicate<KubeObject> which) {
        state.list(ResourceType.PODS).stream()
                .filter(which)
                .forEach(pod -> loop.queue(pod.key(ResourceType.PODS)));
    }

    Duration sinceProgress() {
        return loop.sinceProgress();
    }

    RuntimeState runtime() {
        return drivers.state();
    }

    /** Time by the network's thread. */
    private record LoopTimer(EventLoop io, Supplier<Duration> uptime) implements Prober.Timer {
        @Override
        public Duration now() {
            return uptime.get();
        }

        @Override
        public void after(Duration delay, Runnable task) {
            try {
                if (delay.isZero()) {
                    io.execute(task);
                } else {
                    // A failure of one task is logged by whoever runs it; the others go on.
                    var unused = io.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                }
            } catch (RejectedExecutionException e) {
                // The agent stops, and the probing with it.
                return;
            }
        }
    }

    /** What the loop's threads do. */
    private final class Work implements AgentLoop.Work {
        @Override
        public void sync(ObjectKey key) throws DriverException, StateException {
            if (VolumeRemoval.isVolume(key)) {
                removal.sync(key).ifPresent(after -> loop.queue(key, after));
            } else {
                sync.sync(key);
            }
        }

        @Override
        public Iterable<ObjectKey> keys() {
            Set<ObjectKey> keys = sync.keys();
            keys.addAll(removal.keys());
            return keys;
        }

        @Override
        public void sweep() throws IOException {
            sync.sweep();
        }

        @Override
        public boolean runtimeUp() {
            return drivers.state().up();
        }
    }
}
