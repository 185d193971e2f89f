// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The scheduler alone, on a store. */
final class SchedulerTest {
    private static final WriteOptions USER = WriteOptions.by("test");

    private final ManualClock clock = new ManualClock();
    private final FakeObjectStore fake = new FakeObjectStore(clock);
    private final TestStore store = new TestStore(fake);
    private final Cluster cluster = new Cluster(store, clock, clock::nanoTime, new Random(1));
    private final Scheduler scheduler = new Scheduler(cluster);

    @AfterEach
    void end() {
        scheduler.close();
        cluster.close();
        store.close();
        fake.close();
    }

    private void start() {
        cluster.start();
        assertThat(cluster.awaitSync(Duration.ofSeconds(20))).isTrue();
        scheduler.start();
    }

    @Test
    void whatIsBoundKeepsEveryRuleAndWhatWaitsFitsNowhere() throws Exception {
        RandomFleet.NAMESPACES.forEach(
                (name, labels) ->
                        store.create(
                                ResourceType.NAMESPACES,
                                KubeObject.of(ResourceType.NAMESPACES, "", name).withLabels(labels),
                                USER));
        List<String> broken = new CopyOnWriteArrayList<>();
        store.observe(
                ResourceType.PODS,
                (before, after) -> {
                    if (after != null
                            && !PodFacts.node(after).isEmpty()
                            && PodFacts.node(before).isEmpty()
                            && !naiveWithout(after).fits(before, node(PodFacts.node(after)))) {
                        broken.add(after.toString());
                    }
                });
        start();
        RandomFleet random = new RandomFleet(7);
        for (int round = 0; round < 40; round++) {
            if (round < 3 || random.oneIn(4)) {
                KubeObject node = random.node();
                KubeObject made = store.create(ResourceType.NODES, node, USER);
                store.update(
                        ResourceType.NODES,
                        made.withStatus(node.status()).withoutMetadata("resourceVersion"),
                        "status",
                        USER);
            } else if (random.oneIn(3)) {
                List<KubeObject> there = placed();
                if (!there.isEmpty()) {
                    delete(there.get(random.below(there.size())));
                }
            } else {
                store.create(ResourceType.PODS, random.pod(), USER);
            }
            await("what waits fits nowhere", this::isSettled);
        }
        assertThat(broken).isEmpty();
        assertThat(placed()).hasSizeGreaterThan(5);
        assertThat(waiting()).isNotEmpty();
    }

    private NaivePlacement naive() {
        return new NaivePlacement(store.all(ResourceType.NODES), placed(), RandomFleet.NAMESPACES);
    }

    private NaivePlacement naiveWithout(KubeObject pod) {
        List<KubeObject> others = new ArrayList<>(placed());
        others.removeIf(each -> each.uid().equals(pod.uid()));
        return new NaivePlacement(store.all(ResourceType.NODES), others, RandomFleet.NAMESPACES);
    }

    private boolean isSettled() {
        NaivePlacement naive = naive();
        return waiting().stream()
                .allMatch(
                        pod ->
                                pod.condition("PodScheduled").isPresent()
                                        && naive.nodes().stream()
                                                .noneMatch(node -> naive.fits(pod, node)));
    }

    private List<KubeObject> placed() {
        return store.all(ResourceType.PODS).stream().filter(PlacedPods::isPlaced).toList();
    }

    private List<KubeObject> waiting() {
        return store.all(ResourceType.PODS).stream()
                .filter(pod -> PodFacts.node(pod).isEmpty())
                .toList();
    }

    private KubeObject node(String name) {
        return store.get(ResourceType.NODES.key("", name)).orElseThrow();
    }

    @Test
    void aSitesPodLooksAtItsSiteAlone() throws Exception {
        int sites = 40;
        for (int site = 0; site < sites; site++) {
            for (String host : List.of("a", "b")) {
                node("n" + site + host, Map.of("site", "s" + site, "zone", "z" + site % 4), "");
            }
        }
        for (int i = 0; i < sites * 2; i++) {
            pod("old" + i, "old", "{\"nodeName\":\"n" + i / 2 + (i % 2 == 0 ? "a" : "b") + "\"}");
        }
        start();
        long[] before = scheduler.looks();
        pod(
                "new",
                "old",
                """
                {"nodeSelector":{"site":"s7"},
                 "affinity":{
                   "podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
                     {"weight":10,"podAffinityTerm":{"topologyKey":"kubernetes.io/hostname",
                       "labelSelector":{"matchLabels":{"app":"old"}}}}]},
                   "podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
                     {"topologyKey":"site","labelSelector":{"matchLabels":{"app":"old"}}}]}},
                 "topologySpreadConstraints":[
                   {"maxSkew":1,"topologyKey":"kubernetes.io/hostname",
                    "whenUnsatisfiable":"DoNotSchedule",
                    "labelSelector":{"matchLabels":{"app":"old"}}}]}
                """);
        await("bound", () -> !nodeOf("new").isEmpty());
        long[] after = scheduler.looks();
        assertThat(nodeOf("new")).startsWith("n7");
        assertThat(after[0] - before[0]).as("nodes looked at").isEqualTo(2);
        assertThat(after[1] - before[1]).as("pods looked at").isLessThanOrEqualTo(3 * 2);
    }

    @Test
    void theHighestPriorityComesFirst() throws Exception {
        node("n", Map.of(), "");
        pod("filler", "f", "{\"nodeName\":\"n\"," + cpu("4") + "}");
        start();
        for (int priority : List.of(1, 5, 3)) {
            pod("p" + priority, "p", "{\"priority\":" + priority + "," + cpu("2") + "}");
        }
        await(
                "all are told why",
                () ->
                        waiting().stream()
                                .allMatch(pod -> pod.condition("PodScheduled").isPresent()));
        delete(get("filler"));
        await("two fit", () -> placed().size() == 2);
        assertThat(nodeOf("p1")).isEmpty();
    }

    @Test
    void saysWhyAPodFitsNowhereOnce() throws Exception {
        node("n1", Map.of("zone", "a"), "");
        node("n2", Map.of("zone", "b"), "");
        node("n3", Map.of("zone", "c"), ",\"unschedulable\":true");
        pod("db", "db", "{\"nodeName\":\"n1\"}");
        start();
        pod(
                "web",
                "web",
                """
                {"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
                   {"topologyKey":"zone","labelSelector":{"matchLabels":{"app":"db"}}}]}},
                 "containers":[{"name":"c","image":"i",
                   "resources":{"requests":{"cpu":"1","example.com/gpu":"1"}}}]}
                """);
        await("told", () -> get("web").condition("PodScheduled").isPresent());
        assertThat(reason("web"))
                .isEqualTo(
                        "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient"
                                + " example.com/gpu.");
        pod(
                "near",
                "near",
                """
                {"affinity":{
                  "podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
                   {"topologyKey":"zone","labelSelector":{"matchLabels":{"app":"db"}}}]},
                  "podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
                   {"topologyKey":"zone","labelSelector":{"matchLabels":{"app":"db"}}}]}}}
                """);
        await("told", () -> get("near").condition("PodScheduled").isPresent());
        assertThat(reason("near"))
                .isEqualTo(
                        "0/3 nodes are available: 1 node(s) didn't match pod affinity rules, 1"
                                + " node(s) didn't match pod anti-affinity rules, 1 node(s) were"
                                + " unschedulable.");
        // A change that changes nothing for it says nothing again.
        pod("db2", "db", "{\"nodeName\":\"n1\"}");
        delete(get("db2"));
        pod("last", "last", "{}");
        await("bound", () -> !nodeOf("last").isEmpty());
        await("said", () -> failures("near") == 1);
        assertThat(failures("near")).isEqualTo(1);
    }

    @Test
    void podsThatFitNowhereDelayNoneThatFits() throws Exception {
        node("n1", Map.of(), "");
        CountDownLatch mayBeTold = new CountDownLatch(1);
        store.beforeWrite(
                (verb, object) -> {
                    if (object.name().startsWith("nowhere")) {
                        awaitQuietly(mayBeTold);
                    }
                });
        fake.create(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", "nowhere")
                        .withSpec(RandomFleet.parse("{\"nodeSelector\":{\"no\":\"where\"}}")),
                USER);
        start();
        pod("web", "web", "{}");
        await("the one that fits is bound", () -> !nodeOf("web").isEmpty());
        assertThat(get("nowhere").condition("PodScheduled")).isEmpty();
        mayBeTold.countDown();
        await("the other is told", () -> get("nowhere").condition("PodScheduled").isPresent());
    }

    @Test
    void whatCouldNotBeToldIsToldLater() throws Exception {
        AtomicInteger refused = new AtomicInteger();
        store.beforeWrite(
                (verb, object) -> {
                    if (object.status().has("conditions") && refused.getAndIncrement() == 0) {
                        throw new ApiException(ApiException.Reason.CONFLICT, "changed meanwhile");
                    }
                });
        start();
        pod("nowhere", "a", "{}");
        await("told", () -> get("nowhere").condition("PodScheduled").isPresent());
        assertThat(refused).hasValue(2);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aParkedPodComesWhenItsNeighbourHasCome() throws Exception {
        node("n1", Map.of("zone", "a"), "");
        start();
        pod(
                "web",
                "web",
                """
                {"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
                   {"topologyKey":"zone","labelSelector":{"matchLabels":{"app":"db"}}}]}}}
                """);
        await("told", () -> get("web").condition("PodScheduled").isPresent());
        pod("db", "db", "{}");
        await("both bound", () -> placed().size() == 2);
    }

    @Test
    void aGatedPodWaitsUntilItsGatesAreGone() throws Exception {
        node("n1", Map.of(), "");
        start();
        KubeObject gated = pod("gated", "g", "{\"schedulingGates\":[{\"name\":\"a.b/c\"}]}");
        pod("free", "f", "{}");
        await("the other is bound", () -> !nodeOf("free").isEmpty());
        assertThat(nodeOf("gated")).isEmpty();
        assertThat(get("gated").condition("PodScheduled")).isEmpty();
        store.update(
                ResourceType.PODS,
                gated.withSpec(gated.spec().without("schedulingGates")),
                "",
                USER);
        await("bound", () -> !nodeOf("gated").isEmpty());
    }

    @Test
    void wishesDecideAmongNodesThatFit() throws Exception {
        node("n1", Map.of("zone", "a", "disk", "slow"), "");
        node("n2", Map.of("zone", "b", "disk", "fast"), "");
        node("n3", Map.of("zone", "c"), "");
        pod("db", "db", "{\"nodeName\":\"n3\"}");
        start();
        pod(
                "fast",
                "x",
                """
                {"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
                   {"weight":5,"preference":{"matchExpressions":[
                     {"key":"disk","operator":"In","values":["fast"]}]}}]}}}
                """);
        pod(
                "near",
                "y",
                """
                {"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
                   {"weight":5,"podAffinityTerm":{"topologyKey":"zone",
                     "labelSelector":{"matchLabels":{"app":"db"}}}}]}}}
                """);
        await("bound", () -> !nodeOf("fast").isEmpty() && !nodeOf("near").isEmpty());
        pod(
                "spread",
                "db",
                """
                {"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone",
                   "whenUnsatisfiable":"ScheduleAnyway",
                   "labelSelector":{"matchExpressions":[
                     {"key":"app","operator":"In","values":["db","x","y"]}]}}]}
                """);
        await("bound", () -> !nodeOf("spread").isEmpty());
        assertThat(nodeOf("fast")).isEqualTo("n2");
        assertThat(nodeOf("near")).isEqualTo("n3");
        assertThat(nodeOf("spread")).isEqualTo("n1");
    }

    // What the tests above say it with.

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        Eventually.holds(what, Duration.ofSeconds(20), condition);
    }

    private static String cpu(String amount) {
        return "\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\""
                + amount
                + "\"}}}]";
    }

    private void node(String name, Map<String, String> labels, String more) {
        Map<String, String> all = new java.util.HashMap<>(labels);
        all.put(RandomFleet.HOST, name);
        KubeObject node =
                store.create(
                        ResourceType.NODES,
                        KubeObject.of(ResourceType.NODES, "", name)
                                .withLabels(all)
                                .withSpec(RandomFleet.parse("{\"podCIDR\":\"\"" + more + "}")),
                        USER);
        store.update(
                ResourceType.NODES,
                node.withStatus(
                        RandomFleet.parse(
                                """
                                {"allocatable":{"cpu":"4","memory":"4Gi","pods":"110"},
                                 "conditions":[{"type":"Ready","status":"True"}]}
                                """)),
                "status",
                USER);
    }

    private KubeObject pod(String name, String app, String spec) {
        return store.create(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", name)
                        .withLabels(Map.of("app", app))
                        .withSpec(RandomFleet.parse(spec)),
                USER);
    }

    private KubeObject get(String name) {
        return store.get(ResourceType.PODS.key("default", name)).orElseThrow();
    }

    private String nodeOf(String name) {
        return PodFacts.node(get(name));
    }

    private String reason(String name) {
        return get(name).condition("PodScheduled").orElse(JsonObject.EMPTY).text("message");
    }

    private long failures(String pod) {
        return new ArrayList<>(store.list(ListQuery.all(ResourceType.EVENTS)).items())
                .stream()
                        .filter(event -> event.json().text("reason").equals("FailedScheduling"))
                        .filter(event -> event.json().text("involvedObject", "name").equals(pod))
                        .mapToLong(event -> event.json().number("count").orElse(1))
                        .sum();
    }

    private void delete(KubeObject pod) {
        store.delete(
                ResourceType.PODS,
                pod.key(ResourceType.PODS),
                new DeleteOptions(OptionalLong.of(0), pod.uid(), null, null, false));
    }
}
