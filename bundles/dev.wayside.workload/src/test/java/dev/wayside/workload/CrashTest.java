// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonArray;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeOutbox;
import dev.wayside.testing.TestProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wishes change, containers end, vanish or lose power, drivers fail, and the agent dies between any
 * two steps: before a step, or after it took effect but before its answer came. Whatever happens,
 * what must never happen does not, and in the end there is what was asked for.
 */
final class CrashTest {
    private static final int HISTORIES = Integer.getInteger("wayside.histories", 50);
    private static final int STEPS = 40;

    /** One that ends by itself, and a sidecar. */
    private static final String INIT =
            """
            {"name": "init", "image": "init:1", "command": %s},
            {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}\
            """
                    .formatted(JsonArray.ofStrings(TestProgram.SUCCEEDS.command()).toJson());

    private static final List<String> NAMES = List.of("a", "b", "c");

    @TempDir Path temp;

    /** The agent dies here. */
    private static final class Died extends Error {
        private static final long serialVersionUID = 1L;

        Died(String where) {
            super(where);
        }
    }

    @Test
    void convergesWhateverHappens() {
        for (int i = 0; i < HISTORIES; i++) {
            long seed = ThreadLocalRandom.current().nextLong();
            try {
                new History(seed, temp.resolve("pods-" + i)).play();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("history of seed " + seed, e);
            }
        }
    }

    private static final class History {
        private final Random random;
        private final TestGateway gateway;

        private final Set<String> initialized = new HashSet<>();
        private int uids;
        private int calls;
        private int diesAt = Integer.MAX_VALUE;
        private boolean flaky;

        History(long seed, Path dir) {
            random = new Random(seed);
            gateway = new TestGateway(dir);
            gateway.engine.hook(this::call);
            gateway.records.beforeWrite(() -> step("records"));
            gateway.outbox.beforeWrite(() -> step("outbox"));
        }

        private void call(String call, boolean effective) throws DriverException {
            checkAlways();
            if (!effective) {
                checkReason(call);
            }
            step(call);
            if (flaky && !effective && random.nextInt(12) == 0) {
                throw new DriverException(
                        DriverException.Kind.UNAVAILABLE, "Flaky", "try again", null);
            }
        }

        /** What runs is touched only for a reason. */
        private void checkReason(String call) {
            if (call.startsWith("removePod ")) {
                assertThat(kept(call.substring("removePod ".length()))).as(call).isEmpty();
            }
            for (PodReality pod : gateway.engine.snapshot()) {
                for (PodReality.Container container : pod.containers()) {
                    boolean stopped =
                            call.startsWith("stopContainer " + container.id() + " ")
                                    && container.state() == PodReality.State.RUNNING
                                    && pod.sandboxRunning();
                    boolean othersRun =
                            pod.containers().stream()
                                    .filter(it -> !it.name().equals("proxy"))
                                    .anyMatch(it -> it.state() == PodReality.State.RUNNING);
                    // A sidecar goes with those that it is there for.
                    if (stopped && (!container.name().equals("proxy") || othersRun)) {
                        assertThat(kept(pod.uid()).stream().map(KubeObject::json))
                                .as(call)
                                .noneMatch(
                                        it ->
                                                it.toJson()
                                                        .contains("\"" + container.image() + "\""));
                    }
                }
            }
        }

        /** The pod of that UID, if it is asked for and not to go. */
        private List<KubeObject> kept(String uid) {
            return gateway.state.list(ResourceType.PODS).stream()
                    .filter(pod -> pod.uid().equals(uid) && pod.deleted().isEmpty())
                    .toList();
        }

        private void step(String where) {
            if (++calls >= diesAt) {
                diesAt = Integer.MAX_VALUE;
                throw new Died(where);
            }
        }

        void play() {
            for (int step = 0; step < STEPS; step++) {
                change();
                flaky = random.nextBoolean();
                diesAt =
                        random.nextInt(3) == 0 ? calls + 1 + random.nextInt(25) : Integer.MAX_VALUE;
                runUntilItRestsOrDies();
                diesAt = Integer.MAX_VALUE;
                gateway.advanceClock(Duration.ofSeconds(random.nextInt(400)));
            }
            flaky = false;
            comeToRest();
            checkConverged();
            checkLeavesWellAlone();
        }

        private void runUntilItRestsOrDies() {
            try {
                gateway.run();
            } catch (DriverException | dev.wayside.api.state.StateException e) {
                // As the loop does, the key is tried again with the next change.
            } catch (Died e) {
                boot();
            }
        }

        private void boot() {
            diesAt = Integer.MAX_VALUE;
            boolean wasFlaky = flaky;
            flaky = false;
            gateway.boot();
            flaky = wasFlaky;
        }

        private void comeToRest() {
            for (int i = 0; i < 30; i++) {
                gateway.settle();
                gateway.advanceClock(Duration.ofMinutes(6));
                confirmInTheCloud();
            }
            gateway.settle();
        }

        private void change() {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            var key = ResourceType.PODS.key("default", name);
            KubeObject pod = gateway.state.get(key).orElse(null);
            switch (random.nextInt(11)) {
                case 0, 1, 2 -> {
                    if (pod == null) {
                        ask(name);
                    }
                }
                case 3 -> {
                    if (pod != null && pod.deleted().isEmpty()) {
                        // Only the image may change, as in Kubernetes.
                        gateway.ask(
                                new KubeObject(
                                        TestGateway.parse(
                                                pod.json()
                                                        .toJson()
                                                        .replaceFirst(
                                                                "web:[0-9]+",
                                                                "web:" + random.nextInt(9)))));
                    }
                }
                case 4 -> {
                    if (pod != null) {
                        gateway.delete(name, random.nextInt(30));
                    }
                }
                case 5 -> {
                    if (pod != null) {
                        // Deleted by force and made anew: the old one must go first.
                        ask(name);
                    }
                }
                case 6 -> gateway.drop(name);
                case 7, 8 -> exitSomething();
                case 9 -> vanishSomething();
                default -> {
                    if (random.nextInt(4) == 0) {
                        gateway.engine.reboot();
                        boot();
                    } else if (random.nextBoolean()) {
                        boot();
                    } else {
                        confirmInTheCloud();
                    }
                }
            }
        }

        private void ask(String name) {
            String policy = List.of("Always", "OnFailure", "Never").get(random.nextInt(3));
            String uid = "uid-" + name + "-" + uids++;
            boolean init = random.nextBoolean();
            if (init) {
                initialized.add(uid);
            }
            gateway.ask(
                    name,
                    uid,
                    """
                    {"restartPolicy": "%s", "initContainers": [%s], "containers": [
                      {"name": "web", "image": "web:1", "resources": {"requests": {"cpu": "%dm"}}},
                      {"name": "log", "image": "log:1"}]}\
                    """
                            .formatted(policy, init ? INIT : "", 100 + random.nextInt(900)));
        }

        private void exitSomething() {
            for (PodReality pod : gateway.engine.snapshot()) {
                for (PodReality.Container container : pod.containers()) {
                    if (container.state() == PodReality.State.RUNNING && random.nextInt(3) == 0) {
                        gateway.engine.exit(pod.uid(), container.name(), random.nextInt(2));
                    }
                }
            }
        }

        /** Only what was reported: nobody can know of an attempt that left no trace anywhere. */
        private void vanishSomething() {
            for (PodReality pod : gateway.engine.snapshot()) {
                var key = ResourceType.PODS.key("default", pod.name());
                boolean reported =
                        pod.containers().stream()
                                .allMatch(
                                        it ->
                                                gateway.outbox
                                                        .lastStatus(key, pod.uid())
                                                        .map(
                                                                status ->
                                                                        status.toJson()
                                                                                .contains(it.id()))
                                                        .orElse(false));
                if (reported && random.nextInt(3) == 0) {
                    gateway.engine.vanish(pod.uid(), "web");
                }
            }
        }

        private void confirmInTheCloud() {
            for (FakeOutbox.Target target : gateway.outbox.confirmed()) {
                gateway.state
                        .get(target.key())
                        .filter(pod -> pod.uid().equals(target.uid()))
                        .ifPresent(
                                pod -> {
                                    assertThat(pod.deleted()).isPresent();
                                    assertThat(gateway.engine.snapshot())
                                            .extracting(PodReality::uid)
                                            .doesNotContain(pod.uid());
                                    gateway.state.remove(target.key());
                                });
            }
        }

        /** What holds at every moment. */
        private void checkAlways() {
            List<String> starts = gateway.engine.starts();
            assertThat(new HashSet<>(starts))
                    .as("each attempt is started once")
                    .hasSameSizeAs(starts);
            for (String started : starts) {
                String uid = started.substring(0, started.indexOf('/'));
                if (initialized.contains(uid) && started.startsWith(uid + "/web#")) {
                    assertThat(starts.subList(0, starts.indexOf(started)))
                            .as("init containers come before " + started)
                            .contains(uid + "/init#0", uid + "/proxy#0");
                }
            }
            Map<String, String> running = new TreeMap<>();
            for (PodReality pod : gateway.engine.snapshot()) {
                for (PodReality.Container container : pod.containers()) {
                    if (container.state() == PodReality.State.RUNNING) {
                        String name = pod.name() + "/" + container.name();
                        assertThat(running.put(name, container.id()))
                                .as("one running attempt of " + name)
                                .isNull();
                    }
                }
            }
        }

        private void checkConverged() {
            Set<String> wanted = new TreeSet<>();
            for (KubeObject pod : gateway.state.list(ResourceType.PODS)) {
                assertThat(pod.deleted()).as("%s is gone", pod).isEmpty();
                String phase =
                        gateway.outbox
                                .lastStatus(pod.key(ResourceType.PODS), pod.uid())
                                .orElseThrow()
                                .text("phase");
                if (phase.equals("Running")) {
                    PodContainers.lasting(pod)
                            .forEach(
                                    it ->
                                            wanted.add(
                                                    pod.uid()
                                                            + " "
                                                            + it.text("name")
                                                            + " "
                                                            + it.text("image")));
                } else {
                    assertThat(phase).isIn("Succeeded", "Failed");
                }
            }
            Set<String> running = new TreeSet<>();
            Set<String> alive = new TreeSet<>();
            gateway.state.list(ResourceType.PODS).forEach(pod -> alive.add(pod.uid()));
            for (PodReality pod : gateway.engine.snapshot()) {
                assertThat(alive)
                        .as("nothing is left of what is not asked for")
                        .contains(pod.uid());
                for (PodReality.Container container : pod.containers()) {
                    if (container.state() == PodReality.State.RUNNING) {
                        running.add(pod.uid() + " " + container.name() + " " + container.image());
                    }
                }
            }
            // Of a pod that is not always restarted some containers may have ended for good.
            assertThat(wanted).containsAll(running);
            for (KubeObject pod : gateway.state.list(ResourceType.PODS)) {
                if (pod.spec().text("restartPolicy").equals("Always")) {
                    List<String> its =
                            wanted.stream().filter(it -> it.startsWith(pod.uid() + " ")).toList();
                    assertThat(running).containsAll(its);
                }
            }
            assertThat(gateway.records.all(PodRecords.BUCKET).keySet()).isSubsetOf(alive);
        }

        /** Nothing changes any more, neither by looking again nor by starting anew. */
        private void checkLeavesWellAlone() {
            List<String> before = new ArrayList<>(gateway.engine.calls());
            int writes = gateway.outbox.statusWrites();
            gateway.settle();
            boot();
            gateway.settle();
            assertThat(gateway.engine.calls()).isEqualTo(before);
            assertThat(gateway.outbox.statusWrites()).isEqualTo(writes);
        }
    }
}
