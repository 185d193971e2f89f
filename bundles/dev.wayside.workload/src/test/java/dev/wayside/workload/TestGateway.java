// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeContainerDriver;
import dev.wayside.testing.FakeDesiredState;
import dev.wayside.testing.FakeLocalRecords;
import dev.wayside.testing.FakeOutbox;
import dev.wayside.testing.ManualClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * A whole gateway without threads: what outlives a crash (disk, engine, the cloud's wishes) and an
 * agent that is lost and made anew by {@link #boot}. Time stands still unless it is advanced.
 */
final class TestGateway {
    static final String NODE = "gateway-1";

    final ManualClock clock = new ManualClock(Instant.parse("2026-11-24T00:00:00Z"));
    final FakeDesiredState state = new FakeDesiredState();
    final FakeOutbox outbox = new FakeOutbox();
    final FakeLocalRecords records = new FakeLocalRecords();
    final FakeContainerDriver.Engine engine = new FakeContainerDriver.Engine(clock);
    final Path dir;

    /** Runs background tasks; by default at once. */
    Executor background = Runnable::run;

    /** What checks come to, by what they are; without it they succeed. */
    final Map<String, Outcome> outcomes = new HashMap<>();

    final List<String> checked = new ArrayList<>();

    private final Checks checks =
            (where, handler, timeout, then) -> {
                checked.add(handler.toString());
                then.accept(outcomes.getOrDefault(handler.toString(), Outcome.success()));
            };
    private final ManualTimer timer = new ManualTimer(clock);
    private Prober prober;
    private final Set<ObjectKey> queued = new LinkedHashSet<>();
    private final Map<ObjectKey, Duration> timers = new HashMap<>();
    private Drivers drivers = new Drivers();
    private Memories memories = new Memories();
    private PodSync sync;
    private VolumeRemoval removal;

    TestGateway(Path dir) {
        this.dir = dir;
        node(
                """
                {"cpu": "2", "memory": "1Gi", "pods": "10"}\
                """);
        sync = newAgent();
        addDriver("docker");
    }

    void node(String allocatable) {
        KubeObject node =
                KubeObject.of(ResourceType.NODES, "", NODE)
                        .withLabels(Map.of("site", "site-1"))
                        .withSpec(JsonObject.of("podCIDR", "10.244.0.0/24"))
                        .withStatus(
                                JsonObject.builder()
                                        .put("allocatable", parse(allocatable))
                                        .put(
                                                "addresses",
                                                array(
                                                        """
                                                        [{"type": "InternalIP", "address": "192.0.2.7"}]\
                                                        """))
                                        .build());
        state.put(ResourceType.NODES, node);
    }

    /** The agent is lost with all it remembered, and started anew. */
    void boot() {
        prober.stop();
        queued.clear();
        timers.clear();
        sync = newAgent();
        addDriver("docker");
        resync();
    }

    /** Where PersistentVolumes are. */
    Path volumesDir() {
        return dir.resolveSibling("volumes");
    }

    private PodSync newAgent() {
        drivers = new Drivers();
        memories = new Memories();
        PodRecords podRecords = new PodRecords(records);
        ClaimedFolders claimed = new ClaimedFolders(dir, volumesDir(), records);
        removal = new VolumeRemoval(state, outbox, claimed);
        VolumeStore volumes = new VolumeStore(dir, claimed);
        ExecChecks commands = new ExecChecks(drivers, task -> background.execute(task));
        prober = new Prober(timer, checks, memories, key -> queued.add(key), this::event, () -> 0);
        PodActor actor =
                new PodActor(
                        outbox,
                        podRecords,
                        new Admitter(state, outbox, podRecords, NODE),
                        volumes,
                        memories,
                        clock::uptime,
                        task -> background.execute(task),
                        task -> background.execute(task),
                        task -> background.execute(task),
                        new Hooks(commands, checks),
                        this::queue,
                        this::event);
        return new PodSync(
                state,
                outbox,
                podRecords,
                drivers,
                volumes,
                new Planner(dir, volumesDir()),
                actor,
                prober,
                memories,
                NODE,
                clock,
                clock::uptime);
    }

    private void event(Outbox.EventRecord event) {
        try {
            outbox.event(event);
        } catch (StateException e) {
            throw new AssertionError(e);
        }
    }

    BoundDriver addDriver(String name) {
        BoundDriver driver =
                new BoundDriver(
                        name, new FakeContainerDriver(engine, name, "gateway-1"), clock::uptime);
        drivers.add(driver);
        driver.probe();
        return driver;
    }

    void removeDrivers() {
        drivers.all().forEach(drivers::remove);
    }

    /** As when a driver has become usable. */
    void driversAreBack() {
        drivers.all().forEach(BoundDriver::probe);
        memories.updateAll(PodMemory::withoutFailures);
        resync();
    }

    private void queue(ObjectKey key, Duration after) {
        if (after.isZero() || after.isNegative()) {
            queued.add(key);
        } else {
            timers.merge(
                    key,
                    clock.uptime().plus(after),
                    (one, other) -> one.compareTo(other) < 0 ? one : other);
        }
    }

    void resync() {
        drivers.all().forEach(BoundDriver::probe);
        queued.addAll(sync.keys());
        queued.addAll(removal.keys());
    }

    /** Works on all keys that wait, and on those that they queue, until none does. */
    void run() throws DriverException, StateException {
        resync();
        for (int i = 0; !queued.isEmpty(); i++) {
            if (i > 500) {
                throw new AssertionError("the agent does not come to rest");
            }
            timer.runDue();
            ObjectKey key = queued.iterator().next();
            queued.remove(key);
            timers.remove(key);
            if (VolumeRemoval.isVolume(key)) {
                removal.sync(key).ifPresent(after -> queue(key, after));
            } else {
                sync.sync(key);
            }
            timer.runDue();
        }
    }

    /** Works on all keys; those that fail are worked on again, up to some times. */
    void settle() {
        for (int i = 0; i < 50; i++) {
            try {
                run();
                return;
            } catch (DriverException | StateException e) {
                advanceClock(Duration.ofSeconds(1));
            }
        }
        throw new AssertionError("the agent does not come to rest");
    }

    void advanceClock(Duration by) {
        clock.advance(by);
    }

    /** Lets time pass and does what is due then; probes as they come due. */
    void advance(Duration by) throws DriverException, StateException {
        timer.advance(by);
        timers.forEach(
                (key, due) -> {
                    if (due.compareTo(clock.uptime()) <= 0) {
                        queued.add(key);
                    }
                });
        run();
    }

    Optional<Duration> timer(String name) {
        return Optional.ofNullable(timers.get(ResourceType.PODS.key("default", name)))
                .map(due -> due.minus(clock.uptime()));
    }

    void sweep() throws java.io.IOException {
        sync.sweep();
    }

    /** Asks for a pod in namespace default; its UID is {@code uid-NAME}. */
    KubeObject ask(String name, String spec) {
        return ask(name, "uid-" + name, spec);
    }

    KubeObject ask(String name, String uid, String spec) {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", name)
                        .withMetadata("uid", Json.of(uid))
                        .withSpec(parse(spec))
                        .withStatus(JsonObject.of("phase", "Pending"));
        state.put(ResourceType.PODS, pod);
        return pod;
    }

    void ask(KubeObject pod) {
        state.put(ResourceType.PODS, pod);
    }

    /** Asks for the pod to be deleted. */
    void delete(String name, long graceSeconds) {
        KubeObject pod = state.get(ResourceType.PODS.key("default", name)).orElseThrow();
        ask(
                pod.withMetadata(
                        pod.metadata()
                                .with("deletionTimestamp", "2026-11-24T00:00:30Z")
                                .with("deletionGracePeriodSeconds", graceSeconds)));
    }

    void drop(String name) {
        state.remove(ResourceType.PODS.key("default", name));
    }

    void configMap(String name, Map<String, String> data) {
        state.put(
                ResourceType.CONFIG_MAPS,
                KubeObject.of(ResourceType.CONFIG_MAPS, "default", name)
                        .with("data", JsonObject.ofStrings(data)));
    }

    JsonObject status(String name) {
        ObjectKey key = ResourceType.PODS.key("default", name);
        String uid = state.get(key).map(KubeObject::uid).orElse("uid-" + name);
        return outbox.lastStatus(key, uid).orElse(JsonObject.EMPTY);
    }

    JsonObject containerStatus(String name, String container) {
        return status(name).array("containerStatuses").objects().stream()
                .filter(status -> status.text("name").equals(container))
                .findFirst()
                .orElse(JsonObject.EMPTY);
    }

    static JsonObject parse(String json) {
        return (JsonObject) json(json);
    }

    static Json array(String json) {
        return json(json);
    }

    private static Json json(String text) {
        try {
            return Json.parse(text);
        } catch (JsonException e) {
            throw new AssertionError(text, e);
        }
    }
}
