// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Deployment, ReplicaSet and Pod controllers, on any store. */
abstract class WorkloadContract {
    private final World world;

    WorkloadContract(World.Kind kind) {
        world = new World(kind);
    }

    @AfterEach
    void close() {
        world.close();
    }

    private KubeObject deployment(String name) {
        return world.get(ResourceType.DEPLOYMENTS, name);
    }

    /** Patches the image alone. */
    private void image(String name, String image) {
        world.patch(
                ResourceType.DEPLOYMENTS,
                name,
                "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\""
                        + image
                        + "\"}]}}}}");
    }

    private static String imageOf(KubeObject pod) {
        return pod.spec().array("containers").objects().get(0).text("image");
    }

    @ParameterizedTest
    @CsvSource({"1,0", "0,1", "2,2", "25%,25%", "0,1%", "50%,0", "0,34%"})
    void aRollingUpdateNeverExceedsItsBounds(String surge, String unavailable) {
        world.node("a", Map.of());
        world.node("b", Map.of());
        Random random = new Random(7);
        world.store.lag(() -> random.nextInt(6));
        world.start();
        int replicas = 6;
        String rolling =
                ",\"replicas\":6,\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":SURGE,\"maxUnavailable\":UNAV}}"
                        .replace("SURGE", number(surge))
                        .replace("UNAV", number(unavailable));
        world.deployment("web", spec("web", "v1", rolling));
        await("first", () -> world.isComplete("web", replicas));
        long most = replicas + share(surge, replicas, true);
        long down = share(unavailable, replicas, false);
        long least = replicas - (most == replicas && down == 0 ? 1 : down);
        Map<String, KubeObject> pods = new HashMap<>();
        world.store.all(ResourceType.PODS).forEach(pod -> pods.put(pod.name(), pod));
        ConcurrentLinkedQueue<String> broken = new ConcurrentLinkedQueue<>();
        world.store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    KubeObject object = after == null ? before : after;
                    if (after == null || after.deleted().isPresent()) {
                        pods.remove(object.name());
                    } else {
                        pods.put(object.name(), after);
                    }
                    long ready =
                            pods.values().stream()
                                    .filter(pod -> pod.conditionIsTrue("Ready"))
                                    .count();
                    if (pods.size() > most || ready < least) {
                        broken.add(pods.size() + " pods, " + ready + " ready");
                    }
                });
        for (String image : List.of("v2", "v3", "v2")) {
            image("web", image);
            await(
                    "rolled to " + image,
                    () ->
                            world.isComplete("web", replicas)
                                    && world.pods("web-")
                                            .allMatch(pod -> imageOf(pod).equals(image)));
        }
        assertThat(broken).as("most %s, least %s", most, least).isEmpty();
        assertThat(deployment("web").annotations())
                .containsEntry("deployment.kubernetes.io/revision", "4");
        assertThat(world.names(ResourceType.REPLICA_SETS)).as("v2 came back to its own").hasSize(3);
    }

    private static String number(String text) {
        return text.endsWith("%") ? "\"" + text + "\"" : text;
    }

    private static long share(String text, int of, boolean up) {
        if (!text.endsWith("%")) {
            return Long.parseLong(text);
        }
        double share = Integer.parseInt(text.replace("%", "")) * of / 100.0;
        return (long) (up ? Math.ceil(share) : Math.floor(share));
    }

    @Test
    void recreateIsNotAvailableWithoutItsPods() {
        world.start();
        world.deployment(
                "web", spec("web", "v1", ",\"replicas\":3,\"strategy\":{\"type\":\"Recreate\"}"));
        await("told", () -> deployment("web").condition("Available").isPresent());
        assertThat(deployment("web").conditionIsTrue("Available")).isFalse();
        world.node("a", Map.of());
        await("available", () -> deployment("web").conditionIsTrue("Available"));
        assertThat(deployment("web").status().number("availableReplicas")).hasValue(3);
    }

    @Test
    void recreateNeverMixesOldAndNew() {
        world.node("a", Map.of());
        world.start();
        world.deployment(
                "web", spec("web", "v1", ",\"replicas\":3,\"strategy\":{\"type\":\"Recreate\"}"));
        await("first", () -> world.isComplete("web", 3));
        ConcurrentLinkedQueue<String> broken = new ConcurrentLinkedQueue<>();
        Map<String, String> images = new HashMap<>();
        world.store.all(ResourceType.PODS).forEach(pod -> images.put(pod.name(), imageOf(pod)));
        world.store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (after == null) {
                        images.remove(before.name());
                    } else {
                        images.put(after.name(), imageOf(after));
                    }
                    if (images.values().stream().distinct().count() > 1) {
                        broken.add("mixed");
                    }
                });
        image("web", "v2");
        await(
                "second",
                () ->
                        world.isComplete("web", 3)
                                && world.pods("web-").allMatch(pod -> imageOf(pod).equals("v2")));
        assertThat(broken).isEmpty();
    }

    @Test
    void noPodIsMadeTwiceWhileWatchesLagAndControllersRestart() {
        world.node("a", Map.of());
        Random random = new Random(3);
        world.store.lag(() -> random.nextInt(40));
        AtomicInteger created = countCreated();
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":40"));
        for (int i = 0; i < 5; i++) {
            int seen = i * 8;
            await("some", () -> created.get() > seen);
            world.restart();
            world.store.expire();
        }
        await("complete", () -> world.isComplete("web", 40));
        assertThat(created).hasValue(40);
    }

    private AtomicInteger countCreated() {
        AtomicInteger created = new AtomicInteger();
        world.store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (before == null) {
                        created.incrementAndGet();
                    }
                });
        return created;
    }

    @Test
    void noPodIsMadeTwiceWhenTheOutcomeOfACreateIsUnknown() {
        world.node("a", Map.of());
        Random random = new Random(5);
        world.store.lag(() -> random.nextInt(20));
        AtomicInteger created = countCreated();
        AtomicInteger creates = new AtomicInteger();
        world.store.afterWrite(
                (verb, object) -> {
                    if (verb.equals("create")
                            && object.kind().equals("Pod")
                            && creates.incrementAndGet() % 4 == 0) {
                        throw new ApiException(Reason.TIMEOUT, "no answer");
                    }
                });
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":20"));
        await("complete", () -> world.isComplete("web", 20));
        assertThat(created).hasValue(20);
    }

    @Test
    void tooManyPodsGoInKubernetesOrder() {
        world.node("a", Map.of());
        // Whichever comes first, and it alone: names are random, and more come later.
        AtomicReference<String> first = new AtomicReference<>();
        world.healthy(
                pod -> {
                    first.compareAndSet(null, pod.name());
                    return !pod.name().equals(first.get());
                });
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":3"));
        await("two ready", () -> deployment("web").status().number("readyReplicas").orElse(0) == 2);
        String unready =
                world.pods("web-")
                        .filter(pod -> !pod.conditionIsTrue("Ready"))
                        .findFirst()
                        .orElseThrow()
                        .name();
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"replicas\":2}}");
        await("scaled", () -> world.pods("web-").count() == 2);
        assertThat(world.pods("web-").map(KubeObject::name)).doesNotContain(unready);
    }

    @Test
    void finishedPodsAreReplaced() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":1"));
        await("complete", () -> world.isComplete("web", 1));
        KubeObject pod = world.pods("web-").findFirst().orElseThrow();
        world.store.update(
                ResourceType.PODS,
                pod.withStatus(World.parse("{\"phase\":\"Failed\"}"))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
        await(
                "replaced",
                () -> world.pods("web-").anyMatch(other -> !other.uid().equals(pod.uid())));
    }

    @Test
    void aStuckRolloutIsToldAndAPausedOneWaits() {
        world.node("a", Map.of());
        world.healthy(pod -> !imageOf(pod).equals("bad"));
        world.start();
        world.deployment(
                "web",
                spec(
                        "web",
                        "v1",
                        ",\"replicas\":4,\"progressDeadlineSeconds\":30,\"strategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":1}}"));
        await("first", () -> world.isComplete("web", 4));
        assertThat(deployment("web").condition("Progressing").orElseThrow().text("reason"))
                .isEqualTo("NewReplicaSetAvailable");
        image("web", "bad");
        await(
                "stuck",
                () -> world.pods("web-").filter(pod -> imageOf(pod).equals("bad")).count() == 2);
        await(
                "old ones stay, and nothing more is on its way",
                () ->
                        deployment("web").status().number("availableReplicas").orElse(0) == 3
                                && deployment("web").status().number("updatedReplicas").orElse(0)
                                        == 2
                                && deployment("web").status().number("replicas").orElse(0) == 5);
        assertThat(deployment("web").conditionIsTrue("Available")).isTrue();
        world.clock.advance(Duration.ofSeconds(60));
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
        await(
                "told",
                () ->
                        deployment("web")
                                .condition("Progressing")
                                .orElse(JsonObject.EMPTY)
                                .text("reason")
                                .equals("ProgressDeadlineExceeded"));
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"paused\":true}}");
        await(
                "paused",
                () ->
                        deployment("web")
                                .condition("Progressing")
                                .orElseThrow()
                                .text("reason")
                                .equals("DeploymentPaused"));
        image("web", "v1");
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"paused\":false}}");
        await(
                "rolled back",
                () ->
                        world.isComplete("web", 4)
                                && world.pods("web-").allMatch(pod -> imageOf(pod).equals("v1")));
        assertThat(world.names(ResourceType.REPLICA_SETS)).hasSize(2);
    }

    @Test
    void resizingDuringARolloutSharesInProportion() {
        world.node("a", Map.of());
        world.healthy(pod -> !imageOf(pod).equals("bad"));
        world.start();
        world.deployment(
                "web",
                spec(
                        "web",
                        "v1",
                        ",\"replicas\":10,\"strategy\":{\"rollingUpdate\":{\"maxSurge\":3,\"maxUnavailable\":2}}"));
        await("first", () -> world.isComplete("web", 10));
        image("web", "bad");
        await("half way", () -> sizes().equals("bad=5,v1=8"));
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"replicas\":15}}");
        await("shared", () -> sizes().equals("bad=7,v1=11"));
    }

    private String sizes() {
        return world.store.all(ResourceType.REPLICA_SETS).stream()
                .collect(
                        Collectors.toMap(
                                set -> imageOf(new KubeObject(set.spec().object("template"))),
                                set -> set.spec().number("replicas").orElse(-1),
                                Long::sum,
                                java.util.TreeMap::new))
                .entrySet()
                .stream()
                .map(Object::toString)
                .collect(Collectors.joining(","));
    }

    @Test
    void oldReplicaSetsBeyondTheHistoryGo() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v0", ",\"replicas\":1,\"revisionHistoryLimit\":1"));
        for (int i = 1; i <= 4; i++) {
            String image = "v" + i;
            image("web", image);
            await(
                    image,
                    () ->
                            world.isComplete("web", 1)
                                    && world.pods("web-")
                                            .allMatch(pod -> imageOf(pod).equals(image)));
        }
        await("cleaned", () -> world.names(ResourceType.REPLICA_SETS).size() == 2);
    }

    @Test
    void orphansAreAdoptedAndStrangersLetGo() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":2"));
        await("complete", () -> world.isComplete("web", 2));
        KubeObject pod = world.pods("web-").findFirst().orElseThrow();
        world.patch(
                ResourceType.PODS, pod.name(), "{\"metadata\":{\"labels\":{\"app\":\"other\"}}}");
        await(
                "let go and replaced",
                () ->
                        world.get(ResourceType.PODS, pod.name()).controller().isEmpty()
                                && world.pods("web-").count() == 3);
        world.patch(ResourceType.PODS, pod.name(), "{\"metadata\":{\"labels\":{\"app\":\"web\"}}}");
        await("adopted, one too many goes", () -> world.pods("web-").count() == 2);
    }

    @Test
    void deletingAnOwnerDeletesWhatItOwnsInTheBackground() {
        world.node("a", Map.of("site", "s"));
        world.start();
        world.grid("web", "{\"gridUniqKey\":\"site\",\"template\":" + spec("web", "v1", "") + "}");
        await("complete", () -> world.isComplete("web-s", 1));
        world.delete(ResourceType.DEPLOYMENT_GRIDS, "web");
        assertThat(world.exists(ResourceType.DEPLOYMENT_GRIDS, "web")).isFalse();
        await("all gone", this::nothingLeft);
    }

    private boolean nothingLeft() {
        return world.names(ResourceType.DEPLOYMENTS).isEmpty()
                && world.names(ResourceType.REPLICA_SETS).isEmpty()
                && world.names(ResourceType.PODS).isEmpty();
    }

    @Test
    void whatLostItsOwnerWhileNobodyWatchedGoesAtTheNextStart() {
        world.node("a", Map.of("site", "s"));
        world.start();
        world.grid("web", "{\"gridUniqKey\":\"site\",\"template\":" + spec("web", "v1", "") + "}");
        await("complete", () -> world.isComplete("web-s", 1));
        world.stop();
        world.delete(ResourceType.DEPLOYMENT_GRIDS, "web");
        world.start();
        await("all gone", this::nothingLeft);
    }

    @Test
    void foregroundDeletionTakesTheOwnerLast() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":2"));
        await("complete", () -> world.isComplete("web", 2));
        ConcurrentLinkedQueue<String> early = new ConcurrentLinkedQueue<>();
        world.store.observe(
                ResourceType.DEPLOYMENTS,
                (before, after) -> {
                    if (after == null) {
                        early.addAll(world.names(ResourceType.REPLICA_SETS));
                        early.addAll(world.names(ResourceType.PODS));
                    }
                });
        world.delete(ResourceType.DEPLOYMENTS, "web", Propagation.FOREGROUND);
        await("all gone", this::nothingLeft);
        await("the owner gone", () -> !world.exists(ResourceType.DEPLOYMENTS, "web"));
        assertThat(early).isEmpty();
    }

    @Test
    void orphanDeletionLeavesWhatItOwned() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":1"));
        await("complete", () -> world.isComplete("web", 1));
        String set = world.names(ResourceType.REPLICA_SETS).get(0);
        world.delete(ResourceType.DEPLOYMENTS, "web", Propagation.ORPHAN);
        await("gone", () -> !world.exists(ResourceType.DEPLOYMENTS, "web"));
        assertThat(world.get(ResourceType.REPLICA_SETS, set).owners()).isEmpty();
        KubeObject again = world.deployment("web", spec("web", "v1", ",\"replicas\":1"));
        await(
                "adopted",
                () ->
                        world.get(ResourceType.REPLICA_SETS, set)
                                .controller()
                                .filter(owner -> owner.uid().equals(again.uid()))
                                .isPresent());
        await("complete", () -> world.isComplete("web", 1));
        assertThat(world.names(ResourceType.REPLICA_SETS)).hasSize(1);
    }

    @Test
    void podsOfADeletedNodeGoAndComeBackElsewhere() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":2"));
        await("complete", () -> world.isComplete("web", 2));
        world.node("b", Map.of());
        world.delete(ResourceType.NODES, "a");
        await(
                "moved",
                () ->
                        world.isComplete("web", 2)
                                && world.pods("web-")
                                        .allMatch(pod -> pod.spec().text("nodeName").equals("b")));
    }

    @Test
    void aNamespaceIsEmptiedAndGoes() {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":2"));
        world.store.create(
                ResourceType.SECRETS,
                KubeObject.of(ResourceType.SECRETS, "default", "s"),
                World.USER);
        await("complete", () -> world.isComplete("web", 2));
        world.delete(ResourceType.NAMESPACES, "default");
        await("gone", () -> !world.exists(ResourceType.NAMESPACES, "default"));
        assertThat(nothingLeft()).isTrue();
        assertThat(world.names(ResourceType.SECRETS)).isEmpty();
    }

    private void lease(String renewed) {
        KubeObject lease =
                KubeObject.of(ResourceType.LEASES, "kube-node-lease", "a")
                        .withSpec(JsonObject.of("renewTime", renewed));
        if (world.store.get(lease.key(ResourceType.LEASES)).isEmpty()) {
            world.store.create(ResourceType.LEASES, lease, World.USER);
        } else {
            world.store.update(ResourceType.LEASES, lease, "", World.USER);
        }
    }

    private KubeObject node() {
        return world.get(ResourceType.NODES, "a");
    }

    private boolean isTainted() {
        return node().spec().array("taints").toJson().contains("node.kubernetes.io/unreachable");
    }

    /** Something that makes the controller look at the node again. */
    private void nudge(boolean unschedulable) {
        world.patch(
                ResourceType.NODES, "a", "{\"spec\":{\"unschedulable\":" + unschedulable + "}}");
    }

    @Test
    void aSilentGatewayIsUnknownAndTaintedAndEvictsNothing() {
        world.node("a", Map.of());
        lease("2026-01-01T00:00:01.000000Z");
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":1"));
        await("complete", () -> world.isComplete("web", 1));
        KubeObject pod = world.pods("web-").findFirst().orElseThrow();
        world.clock.set(world.clock.instant().plus(Duration.ofDays(1)));
        nudge(true);
        world.stop();
        world.clock.advance(Duration.ofSeconds(61));
        world.start();
        nudge(false);
        await("still known after a restart", () -> world.isComplete("web", 1));
        assertThat(isTainted()).isFalse();
        world.clock.advance(Duration.ofSeconds(61));
        nudge(true);
        await(
                "unknown",
                () ->
                        isTainted()
                                && node().condition("Ready")
                                        .orElseThrow()
                                        .text("status")
                                        .equals("Unknown"));
        assertThat(node().condition("Ready").orElseThrow().text("message"))
                .isEqualTo("Gateway stopped posting its lease.");
        assertThat(node().spec().array("taints").toJson())
                .contains("NoSchedule")
                .doesNotContain("NoExecute");
        await(
                "not available",
                () -> deployment("web").status().number("availableReplicas").orElse(0) == 0);
        assertThat(world.get(ResourceType.PODS, pod.name())).isEqualTo(pod);
        lease("2026-01-01T00:00:02.000000Z");
        await("taint gone", () -> !isTainted());
        world.store.update(
                ResourceType.NODES,
                node().withStatus(
                                World.parse(
                                        "{\"allocatable\":{\"pods\":\"110\"},\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}")),
                "status",
                World.USER);
        await("available", () -> world.isComplete("web", 1));
        assertThat(world.pods("web-").map(KubeObject::uid)).containsExactly(pod.uid());
    }

    @Test
    void anUnreadyGatewayIsTaintedAndGetsNoPods() {
        world.node("a", Map.of());
        world.start();
        world.store.update(
                ResourceType.NODES,
                node().withStatus(
                                World.parse(
                                        "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"}]}")),
                "status",
                World.USER);
        await(
                "tainted",
                () ->
                        node().spec()
                                .array("taints")
                                .toJson()
                                .contains("node.kubernetes.io/not-ready"));
        world.deployment("web", spec("web", "v1", ",\"replicas\":1"));
        await(
                "told",
                () ->
                        world.events()
                                .contains(
                                        "FailedScheduling: 0/1 nodes are available: 1 node(s) had"
                                            + " untolerated taint {node.kubernetes.io/not-ready:"
                                            + " }."));
    }
}
