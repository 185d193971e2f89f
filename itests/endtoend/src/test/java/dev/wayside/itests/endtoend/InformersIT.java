// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.testing.Eventually;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients that programs use: fabric8 in Java and client-node in Node.js. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class InformersIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir private static Path folder;
    private Installation wayside;
    private KubernetesClient client;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(0, 1);
        client = new KubernetesClientBuilder().withConfig(config().build()).build();
    }

    @AfterAll
    void down() throws Exception {
        if (client != null) {
            client.close();
        }
        if (wayside != null) {
            wayside.close();
        }
    }

    private ConfigBuilder config() {
        return new ConfigBuilder(
                        Config.fromKubeconfig(wayside.data().resolve("kubeconfig").toFile()))
                .withClientKeyAlgo("EC"); // it does not look, and takes keys for RSA
    }

    private static Map<String, String> revisions(List<? extends HasMetadata> objects) {
        return objects.stream()
                .map(HasMetadata::getMetadata)
                .collect(
                        Collectors.toMap(
                                ObjectMeta::getName,
                                ObjectMeta::getResourceVersion,
                                (one, two) -> two,
                                TreeMap::new));
    }

    /** What the API has, as neither of the two clients reads it. */
    private Map<String, String> truth() throws Exception {
        return wayside.get("configmaps", "-n", "default").stream()
                .collect(
                        Collectors.toMap(
                                object -> object.name(),
                                object -> object.resourceVersion(),
                                (one, two) -> two,
                                TreeMap::new));
    }

    /** How often ConfigMaps were listed by others than kubectl, says the audit log. */
    private long lists() throws Exception {
        return Files.readAllLines(wayside.data().resolve("connector/log/audit.log")).stream()
                .filter(line -> line.contains("\"verb\":\"list\""))
                .filter(line -> line.contains("\"resource\":\"configmaps\""))
                .filter(line -> !line.contains("kubectl"))
                .count();
    }

    private static ResourceEventHandler<ConfigMap> handler(SeenEvents seen) {
        return new ResourceEventHandler<>() {
            private void saw(String type, ConfigMap object) {
                ObjectMeta metadata = object.getMetadata();
                seen.add(
                        type, metadata.getName(), metadata.getUid(), metadata.getResourceVersion());
            }

            @Override
            public void onAdd(ConfigMap object) {
                saw("add", object);
            }

            @Override
            public void onUpdate(ConfigMap before, ConfigMap object) {
                saw("update", object);
            }

            @Override
            public void onDelete(ConfigMap object, boolean unknown) {
                saw("delete", object);
            }
        };
    }

    private ClientNode clientNode(SeenEvents seen, CompletableFuture<Boolean> started)
            throws Exception {
        Path script = folder.resolve("client-node-informer.mjs");
        try (var resource = InformersIT.class.getResourceAsStream("client-node-informer.mjs")) {
            Files.write(script, resource.readAllBytes());
        }
        return new ClientNode(
                wayside.data().resolve("kubeconfig"),
                script,
                event -> {
                    switch (event.text("type")) {
                        case "started" -> started.complete(true);
                        case "error" -> {}
                        default -> record(seen, event);
                    }
                });
    }

    private static void record(SeenEvents seen, JsonObject event) {
        seen.add(
                event.text("type"),
                event.text("name"),
                event.text("uid"),
                event.text("resourceVersion"));
    }

    @Test
    void informersMissNothingWhenTheConnectorIsKilled() throws Exception {
        SeenEvents inJava = new SeenEvents();
        SeenEvents inNode = new SeenEvents();
        CompletableFuture<Boolean> started = new CompletableFuture<>();
        try (SharedIndexInformer<ConfigMap> informer =
                        client.configMaps().inNamespace("default").inform(handler(inJava), 0);
                ClientNode node = clientNode(inNode, started);
                KubernetesClient impatient =
                        new KubernetesClientBuilder()
                                .withConfig(config().withRequestRetryBackoffLimit(0).build())
                                .build();
                ConfigMapWriter writer =
                        startedThen(started, () -> new ConfigMapWriter(impatient))) {
            int before = writer.states().size() + 100;
            Eventually.holds("written", PATIENCE, () -> writer.states().size() >= before);
            long lists = lists();
            assertThat(lists).isPositive();

            wayside.cutConnector();
            Eventually.holds("the writer noticed", PATIENCE, () -> writer.failures() > 0);
            wayside.up(0, 1);
            int after = writer.states().size() + 100;
            Eventually.holds("written again", PATIENCE, () -> writer.states().size() >= after);
            writer.close();

            Map<String, String> truth = truth();
            assertThat(truth).hasSizeGreaterThan(5);
            Eventually.see(
                    "fabric8's cache is what the API has",
                    PATIENCE,
                    () -> revisions(informer.getStore().list()),
                    truth::equals);
            Eventually.see(
                    "client-node's cache is what the API has",
                    PATIENCE,
                    node::cache,
                    truth::equals);
            for (SeenEvents seen : List.of(inJava, inNode)) {
                String who = seen == inJava ? "fabric8" : "client-node";
                Eventually.holds(
                        who + " saw all deletions",
                        PATIENCE,
                        () -> seen.deleted().containsAll(writer.deleted()));
                assertThat(seen.states()).as(who).containsAll(truthStates(truth));
                assertThat(seen.disorder()).as(who).isEmpty();
            }
            assertThat(inJava.states()).as("fabric8").containsAll(writer.states());
            assertThat(inNode.states()).as("client-node").containsAll(writer.states());
            assertThat(writer.deleted()).hasSizeGreaterThan(10);
            assertThat(lists()).as("nobody had to list anew").isEqualTo(lists);
            assertThat(node.problems()).isEmpty();
        }
    }

    /** Whoever comes after the first list cannot have been missed. */
    private static ConfigMapWriter startedThen(
            CompletableFuture<Boolean> started, Supplier<ConfigMapWriter> writer) throws Exception {
        assertThat(started.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return writer.get();
    }

    private static List<String> truthStates(Map<String, String> truth) {
        return truth.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("written-"))
                .map(entry -> entry.getKey() + "@" + entry.getValue())
                .toList();
    }

    @Test
    void fabric8EditsAppliesListsAndWatches() throws Exception {
        ConfigMap map =
                new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("edited")
                        .withNamespace("kube-public")
                        .endMetadata()
                        .addToData("a", "1")
                        .build();
        CompletableFuture<String> watched = new CompletableFuture<>();
        try (var watch =
                client.configMaps()
                        .inNamespace("kube-public")
                        .withName("edited")
                        .watch(
                                new Watcher<>() {
                                    @Override
                                    public void eventReceived(Action action, ConfigMap object) {
                                        if ("2".equals(object.getData().get("a"))) {
                                            watched.complete(action.name());
                                        }
                                    }

                                    @Override
                                    public void onClose(WatcherException cause) {
                                        watched.completeExceptionally(cause);
                                    }
                                })) {
            client.resource(map).create();
            ConfigMap edited =
                    client.configMaps()
                            .inNamespace("kube-public")
                            .withName("edited")
                            .edit(
                                    object ->
                                            new ConfigMapBuilder(object)
                                                    .addToData("a", "2")
                                                    .build());
            assertThat(edited.getData()).containsEntry("a", "2");
            assertThat(watched.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("MODIFIED");
        }
        ConfigMap applied =
                client.resource(new ConfigMapBuilder(map).addToData("b", "3").build())
                        .forceConflicts()
                        .serverSideApply();
        assertThat(applied.getData()).containsEntry("a", "1").containsEntry("b", "3");
        assertThat(applied.getMetadata().getManagedFields())
                .anyMatch(
                        entry ->
                                entry.getManager().equals("fabric8")
                                        && entry.getOperation().equals("Apply"));
        ConfigMap merged =
                client.configMaps()
                        .inNamespace("kube-public")
                        .withName("edited")
                        .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\":{\"b\":null}}");
        assertThat(merged.getData()).doesNotContainKey("b");
        assertThat(client.namespaces().list().getItems())
                .extracting(namespace -> namespace.getMetadata().getName())
                .contains("default", "kube-system");
        assertThat(client.nodes().list().getItems()).isEmpty();
    }

    @Test
    void fabric8SaysWhatIsWrong() {
        KubernetesClientException refused =
                org.assertj.core.api.Assertions.catchThrowableOfType(
                        KubernetesClientException.class,
                        () ->
                                client.configMaps()
                                        .inNamespace("kube-public")
                                        .withField("data.a", "1")
                                        .watch(
                                                new Watcher<>() {
                                                    @Override
                                                    public void eventReceived(
                                                            Action action, ConfigMap object) {}

                                                    @Override
                                                    public void onClose(WatcherException cause) {}
                                                }));
        assertThat(refused.getCode()).isEqualTo(400);
        assertThat(refused).hasMessageContaining("400 on websocket");
    }

    @Test
    void fabric8ElectsOneLeader() throws Exception {
        CompletableFuture<String> first = new CompletableFuture<>();
        CompletableFuture<String> second = new CompletableFuture<>();
        CompletableFuture<?> leading = elect("one", first);
        assertThat(first.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("one");
        CompletableFuture<?> waiting = elect("two", second);
        assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("one");
        assertThat(second).isNotDone();
        leading.cancel(true); // gives it up
        assertThat(second.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("two");
        assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("two");
        assertThat(lease().getSpec().getLeaseTransitions()).isPositive();
        waiting.cancel(true);
    }

    private Lease lease() {
        return client.leases().inNamespace("kube-public").withName("leader").get();
    }

    private CompletableFuture<?> elect(String name, CompletableFuture<String> leads) {
        return client.leaderElector()
                .withConfig(
                        new LeaderElectionConfigBuilder()
                                .withName("test")
                                .withLock(new LeaseLock("kube-public", "leader", name))
                                .withLeaseDuration(Duration.ofSeconds(5))
                                .withRenewDeadline(Duration.ofSeconds(3))
                                .withRetryPeriod(Duration.ofMillis(500))
                                .withReleaseOnCancel(true)
                                .withLeaderCallbacks(
                                        new LeaderCallbacks(
                                                () -> leads.complete(name), () -> {}, who -> {}))
                                .build())
                .build()
                .start();
    }
}
