// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DaemonSets, with a real store, controllers and scheduler. */
final class DaemonSetsTest {
    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private void set(String members) {
        world.store.create(
                ResourceType.DAEMON_SETS,
                KubeObject.of(ResourceType.DAEMON_SETS, "default", "agent")
                        .withSpec(
                                World.parse(World.spec("agent", "v1", members.replace('\'', '"')))),
                World.USER);
    }

    private void nodes(String... names) {
        for (String name : names) {
            world.node(name, Map.of("kubernetes.io/hostname", name));
        }
    }

    private JsonObject status() {
        return world.get(ResourceType.DAEMON_SETS, "agent").status();
    }

    private List<KubeObject> pods() {
        return world.pods("agent-").filter(pod -> pod.deleted().isEmpty()).toList();
    }

    private static String node(KubeObject pod) {
        return pod.spec().text("nodeName");
    }

    private Set<String> nodesWithPods() {
        return pods().stream().map(DaemonSetsTest::node).collect(Collectors.toSet());
    }

    private void settle(String what, BooleanSupplier condition) {
        try {
            await(what, condition);
        } catch (AssertionError e) {
            throw new AssertionError(
                    what
                            + ": "
                            + status()
                            + pods().stream().map(pod -> pod.json().toJson()).toList()
                            + world.events(),
                    e);
        }
    }

    private void awaitRolledOut(int count) {
        settle(
                "rolled out on " + count,
                () -> {
                    JsonObject status = status();
                    return status.number("observedGeneration").orElse(0)
                                    == world.get(ResourceType.DAEMON_SETS, "agent").generation()
                            && status.number("desiredNumberScheduled").orElse(-1) == count
                            && status.number("updatedNumberScheduled").orElse(0) == count
                            && status.number("numberAvailable").orElse(0) == count
                            && pods().size() == count;
                });
    }

    private void image(String image) {
        world.patch(
                ResourceType.DAEMON_SETS,
                "agent",
                "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\""
                        + image
                        + "\"}]}}}}");
    }

    private static String imageOf(KubeObject pod) {
        return pod.spec().array("containers").objects().get(0).text("image");
    }

    private void silence(String name, boolean silent) {
        KubeObject node = world.store.get(ResourceType.NODES.key("", name)).orElseThrow();
        JsonObject condition =
                JsonObject.builder()
                        .put("type", "Ready")
                        .put("status", silent ? "Unknown" : "True")
                        .build();
        world.store.update(
                ResourceType.NODES,
                node.withStatus(
                                node.status()
                                        .with(
                                                "conditions",
                                                dev.wayside.model.JsonArray.of(condition)))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
    }

    @Test
    void everyNodeThatFitsHasOnePodAndLosesItWhenItNoLongerFits() {
        world.node("a", Map.of("zone", "x"));
        world.node("b", Map.of("zone", "y"));
        world.start();
        world.store.create(
                ResourceType.DAEMON_SETS,
                KubeObject.of(ResourceType.DAEMON_SETS, "default", "agent")
                        .withSpec(
                                World.parse(
                                        World.spec("agent", "v1", "")
                                                .replace(
                                                        "\"spec\":{\"containers\"",
                                                        "\"spec\":{\"nodeSelector\":{\"zone\":\"x\"},\"containers\""))),
                World.USER);
        awaitRolledOut(1);
        assertThat(nodesWithPods()).containsExactly("a");
        world.label("b", "zone", "x");
        awaitRolledOut(2);
        world.node("c", Map.of("zone", "x"));
        awaitRolledOut(3);
        world.label("a", "zone", null);
        awaitRolledOut(2);
        assertThat(nodesWithPods()).containsExactlyInAnyOrder("b", "c");
        KubeObject pod = pods().get(0);
        assertThat(pod.labels()).containsKey("controller-revision-hash");
        assertThat(pod.spec().array("tolerations").objects())
                .extracting(toleration -> toleration.text("key") + ":" + toleration.text("effect"))
                .containsExactly(
                        "node.kubernetes.io/not-ready:NoExecute",
                        "node.kubernetes.io/unreachable:NoExecute",
                        "node.kubernetes.io/disk-pressure:NoSchedule",
                        "node.kubernetes.io/memory-pressure:NoSchedule",
                        "node.kubernetes.io/pid-pressure:NoSchedule",
                        "node.kubernetes.io/unschedulable:NoSchedule");
    }

    @Test
    void taintsKeepDaemonsOutAndCordonedNodesDoNot() {
        nodes("a", "b", "c");
        world.patch(ResourceType.NODES, "a", "{\"spec\":{\"unschedulable\":true}}");
        world.patch(
                ResourceType.NODES,
                "b",
                "{\"spec\":{\"taints\":[{\"key\":\"own\",\"effect\":\"NoSchedule\"}]}}");
        world.start();
        set("");
        awaitRolledOut(2);
        assertThat(nodesWithPods()).containsExactlyInAnyOrder("a", "c");
        // One that is there stays under NoSchedule, and goes under NoExecute.
        world.patch(
                ResourceType.NODES,
                "c",
                "{\"spec\":{\"taints\":[{\"key\":\"own\",\"effect\":\"NoSchedule\"}]}}");
        settle("misscheduled", () -> status().number("numberMisscheduled").orElse(0) == 1);
        assertThat(nodesWithPods()).containsExactlyInAnyOrder("a", "c");
        world.patch(
                ResourceType.NODES,
                "c",
                "{\"spec\":{\"taints\":[{\"key\":\"own\",\"effect\":\"NoExecute\"}]}}");
        settle("gone", () -> nodesWithPods().equals(Set.of("a")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'maxUnavailable':1",
                "'maxUnavailable':2",
                "'maxUnavailable':'50%'",
                "'maxSurge':1",
                "'maxSurge':'40%'"
            })
    void anUpdateKeepsToItsBounds(String rolling) {
        nodes("a", "b", "c", "d", "e");
        world.start();
        set(",'updateStrategy':{'rollingUpdate':{" + rolling + "}}");
        awaitRolledOut(5);
        int most =
                rolling.contains("%")
                        ? (rolling.contains("50") ? 3 : 2)
                        : rolling.endsWith("1") ? 1 : 2;
        boolean surges = rolling.contains("Surge");
        AtomicInteger fewest = new AtomicInteger(5);
        AtomicInteger mostPods = new AtomicInteger();
        Map<String, KubeObject> now = new java.util.concurrent.ConcurrentHashMap<>();
        world.store.all(ResourceType.PODS).forEach(pod -> now.put(pod.uid(), pod));
        world.store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (after != null) {
                        now.put(after.uid(), after);
                    } else {
                        now.remove(before.uid());
                    }
                    long ready =
                            now.values().stream()
                                    .filter(pod -> pod.deleted().isEmpty())
                                    .filter(pod -> pod.conditionIsTrue("Ready"))
                                    .map(DaemonSetsTest::node)
                                    .distinct()
                                    .count();
                    fewest.accumulateAndGet((int) ready, Math::min);
                    long alive =
                            now.values().stream().filter(pod -> pod.deleted().isEmpty()).count();
                    mostPods.accumulateAndGet((int) alive, Math::max);
                });
        image("v2");
        awaitRolledOut(5);
        assertThat(pods()).allSatisfy(pod -> assertThat(imageOf(pod)).isEqualTo("v2"));
        assertThat(fewest.get()).isGreaterThanOrEqualTo(surges ? 5 : 5 - most);
        assertThat(mostPods.get()).isLessThanOrEqualTo(surges ? 5 + most : 5);
    }

    @Test
    void anUpdateStopsAtThePodsThatDoNotBecomeReady() {
        nodes("a", "b", "c", "d");
        world.start();
        set("");
        awaitRolledOut(4);
        world.healthy(pod -> !imageOf(pod).equals("bad"));
        image("bad");
        settle("one", () -> pods().stream().filter(p -> imageOf(p).equals("bad")).count() == 1);
        settle(
                "status",
                () ->
                        status().number("updatedNumberScheduled").orElse(0) == 1
                                && status().number("numberUnavailable").orElse(0) == 1);
        image("v3");
        awaitRolledOut(4);
        assertThat(pods()).allSatisfy(pod -> assertThat(imageOf(pod)).isEqualTo("v3"));
    }

    @Test
    void aSilentNodeKeepsItsPodAndHoldsNobodyUp() {
        nodes("a", "b", "c");
        world.start();
        set("");
        awaitRolledOut(3);
        String kept =
                pods().stream()
                        .filter(pod -> node(pod).equals("b"))
                        .findFirst()
                        .orElseThrow()
                        .uid();
        silence("b", true);
        settle("noted", () -> status().number("numberReady").orElse(0) == 2);
        image("v2");
        settle("others", () -> pods().stream().filter(p -> imageOf(p).equals("v2")).count() == 2);
        settle("ready", () -> status().number("numberReady").orElse(0) == 2);
        assertThat(pods()).extracting(KubeObject::uid).contains(kept);
        silence("b", false);
        awaitRolledOut(3);
        assertThat(pods()).allSatisfy(pod -> assertThat(imageOf(pod)).isEqualTo("v2"));
    }

    @Test
    void onDeleteWaitsForTheOldPodsToBeDeleted() {
        nodes("a", "b");
        world.start();
        set(",'updateStrategy':{'type':'OnDelete'}");
        awaitRolledOut(2);
        image("v2");
        settle("seen", () -> status().number("observedGeneration").orElse(0) == 2);
        assertThat(pods()).allSatisfy(pod -> assertThat(imageOf(pod)).isEqualTo("v1"));
        pods().forEach(pod -> world.delete(ResourceType.PODS, pod.name()));
        awaitRolledOut(2);
    }

    @Test
    void keepsItsHistoryAndComesBackToAnOldTemplate() {
        nodes("a");
        world.start();
        set(",'revisionHistoryLimit':1");
        awaitRolledOut(1);
        String first = pods().get(0).labels().get("controller-revision-hash");
        for (String image : List.of("v2", "v3")) {
            image(image);
            awaitRolledOut(1);
        }
        settle("trimmed", () -> world.store.all(ResourceType.CONTROLLER_REVISIONS).size() == 2);
        KubeObject old =
                world.store.all(ResourceType.CONTROLLER_REVISIONS).stream()
                        .min(
                                java.util.Comparator.comparing(
                                        (KubeObject each) ->
                                                each.json().number("revision").orElse(0)))
                        .orElseThrow();
        assertThat(old.json().number("revision")).hasValue(2);
        image("v2");
        awaitRolledOut(1);
        assertThat(
                        world.get(ResourceType.CONTROLLER_REVISIONS, old.name())
                                .json()
                                .number("revision"))
                .hasValue(4);
        assertThat(pods().get(0).labels().get("controller-revision-hash")).isNotEqualTo(first);
    }

    @Test
    void aNodeEventReachesOnlyTheSetsItMatters() {
        nodes("a", "b");
        world.start();
        set("");
        awaitRolledOut(2);
        Set<String> before = new HashSet<>();
        world.store.all(ResourceType.PODS).forEach(pod -> before.add(pod.resourceVersion()));
        AtomicInteger writes = new AtomicInteger();
        world.store.beforeWrite((verb, object) -> writes.incrementAndGet());
        world.label("a", "some", "label");
        // Something that comes after it has been looked at.
        world.node("c", Map.of());
        awaitRolledOut(3);
        Set<String> after = new HashSet<>();
        world.store.all(ResourceType.PODS).forEach(pod -> after.add(pod.resourceVersion()));
        assertThat(after).containsAll(before);
        assertThat(writes.get()).isPositive();
    }

    @Test
    void aKillLosesAndDoublesNoPod() {
        nodes("a", "b", "c", "d");
        java.util.Random random = new java.util.Random(11);
        world.store.lag(() -> random.nextInt(4));
        world.start();
        set("");
        AtomicInteger left = new AtomicInteger();
        for (int round = 1; round <= 8; round++) {
            left.set(random.nextInt(6));
            world.store.beforeWrite(
                    (verb, object) -> {
                        boolean its = object.kind().matches("DaemonSet|ControllerRevision|Pod");
                        if (its
                                && object.name().startsWith("agent")
                                && left.getAndDecrement() <= 0) {
                            throw new dev.wayside.connector.store.ApiException(
                                    dev.wayside.connector.store.ApiException.Reason.UNAVAILABLE,
                                    "killed");
                        }
                    });
            image("r" + round);
            settle("killed", () -> left.get() < 0);
            world.stop();
            world.store.beforeWrite((verb, object) -> {});
            world.start();
            if (round % 2 == 0) {
                awaitRolledOut(4);
            }
        }
        assertThat(nodesWithPods()).containsExactlyInAnyOrder("a", "b", "c", "d");
        assertThat(pods()).allSatisfy(pod -> assertThat(imageOf(pod)).isEqualTo("r8"));
    }
}
