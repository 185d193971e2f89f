// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.gateway.BoundObjects;
import dev.wayside.connector.gateway.NodeAuthorizer;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an event costs where many watch, counted: the watches that are asked, the encodings, what
 * the node rule asks of the store, and the reads of the file. {@code -Dwayside.gateways=10000} for
 * the full size.
 */
final class ScaleTest {
    private static final int GATEWAYS = Integer.getInteger("wayside.gateways", 500);
    private static final int PODS_EACH = 5;
    private static final int PLAIN = 20;
    private static final int TABLES = 5;
    private static final int METADATA = 5;
    private static final int EVENTS = 50;

    /** The connector's own watch of all pods, which the node rule reads. */
    private static final int OWN = 1;

    private static final String JSON = "application/json";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps?watch=1";
    private static final String SECRETS = "/api/v1/namespaces/default/secrets?watch=1";
    private static final String PODS = "/api/v1/pods?watch=1";
    private static final WriteOptions TEST = WriteOptions.by("test");

    @TempDir Path dir;
    private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
    private TestingApi api;
    private BoundObjects bound;

    @BeforeEach
    void fill() throws Exception {
        try (EmbeddedObjectStore store = open()) {
            create(store, KubeObject.of(ResourceType.NAMESPACES, "", "default"));
            create(store, settings("settings", 0));
            ExecutorService writers = Executors.newFixedThreadPool(16);
            List<Future<?>> filled = new ArrayList<>();
            for (int gateway = 0; gateway < GATEWAYS; gateway++) {
                int number = gateway;
                filled.add(writers.submit(() -> fill(store, number)));
            }
            for (Future<?> each : filled) {
                each.get();
            }
            writers.shutdown();
        }
        EmbeddedObjectStore opened = open();
        bound = new BoundObjects(counting(opened));
        bound.start();
        assertThat(bound.awaitComplete(Duration.ofSeconds(30))).isTrue();
        api = new TestingApi(opened, Clock.systemUTC(), new Rules(new NodeAuthorizer(bound)));
    }

    @AfterEach
    void close() {
        api.close();
        bound.close();
    }

    private EmbeddedObjectStore open() throws IOException {
        return EmbeddedObjectStore.open(
                dir, new BuiltInKinds(), StoreSettings.DEFAULT, Clock.systemUTC());
    }

    /** Lets the admin do all, and gateways what the node rule says. */
    private record Rules(Authorizer nodes) implements Authorizer {
        @Override
        public Decision authorize(User user, RequestInfo request) {
            return user.isMaster() ? Decision.ALLOW : nodes.authorize(user, request);
        }
    }

    /** The store, with a count of what is asked of it by method. */
    private ObjectStore counting(ObjectStore store) {
        return (ObjectStore)
                Proxy.newProxyInstance(
                        ObjectStore.class.getClassLoader(),
                        new Class<?>[] {ObjectStore.class},
                        (proxy, method, arguments) -> {
                            asked.computeIfAbsent(method.getName(), name -> new AtomicInteger())
                                    .incrementAndGet();
                            try {
                                return method.invoke(store, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static KubeObject settings(String name, int value) {
        return KubeObject.of(ResourceType.CONFIG_MAPS, "default", name)
                .with("data", JsonObject.of("value", Integer.toString(value)));
    }

    private static void create(ObjectStore store, KubeObject object) {
        store.create(
                new BuiltInKinds().byKind(object.apiVersion(), object.kind()).orElseThrow().type(),
                object,
                TEST);
    }

    private static void fill(ObjectStore store, int gateway) {
        store.create(
                ResourceType.NODES, KubeObject.of(ResourceType.NODES, "", "gw-" + gateway), TEST);
        store.create(ResourceType.CONFIG_MAPS, settings("map-" + gateway, 0), TEST);
        store.create(
                ResourceType.SECRETS,
                KubeObject.of(ResourceType.SECRETS, "default", "secret-" + gateway),
                TEST);
        for (int n = 0; n < PODS_EACH; n++) {
            store.create(ResourceType.PODS, new KubeObject(pod(gateway, n)), TEST);
        }
    }

    private static JsonObject pod(int gateway, int n) {
        return (JsonObject)
                TestingApi.json(
                        """
                        {'apiVersion': 'v1', 'kind': 'Pod',
                         'metadata': {'name': 'pod-%1$d-%2$d', 'namespace': 'default', 'labels': {'app': 'a%2$d'}},
                         'spec': {'nodeName': 'gw-%1$d', 'containers': [{'name': 'main', 'image': 'busybox',
                           'envFrom': [{'configMapRef': {'name': 'settings'}}, {'configMapRef': {'name': 'map-%1$d'}},
                                       {'secretRef': {'name': 'secret-%1$d'}}]}]}}
                        """
                                .formatted(gateway, n));
    }

    private record Gateway(
            TestingExchange pods,
            TestingExchange node,
            TestingExchange shared,
            TestingExchange map,
            TestingExchange secret) {}

    /** The five watches that a gateway opens whose pods name two ConfigMaps and a Secret. */
    private Gateway gateway(int number, String revision) {
        String from = "&resourceVersion=" + revision + "&fieldSelector=";
        String name = "gw-" + number;
        return new Gateway(
                watch(name, JSON, PODS + from + "spec.nodeName%3D" + name),
                watch(name, JSON, "/api/v1/nodes?watch=1" + from + "metadata.name%3D" + name),
                watch(name, JSON, MAPS + from + "metadata.name%3Dsettings"),
                watch(name, JSON, MAPS + from + "metadata.name%3Dmap-" + number),
                watch(name, JSON, SECRETS + from + "metadata.name%3Dsecret-" + number));
    }

    private TestingExchange watch(String node, String accept, String target) {
        TestingExchange watch =
                api.send("GET", target, Map.of("x-node", node, "accept", accept), "");
        assertThat(watch.response().status()).as(target).isEqualTo(200);
        return watch;
    }

    private List<TestingExchange> watchesOfAll(int count, String accept, String revision) {
        List<TestingExchange> watches = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            watches.add(watch("", accept, PODS + "&resourceVersion=" + revision));
        }
        return watches;
    }

    @Test
    void anEventCostsWhatTheWatchesThatSeeItCost() {
        EmbeddedObjectStore store = api.store();
        long reads = store.fileReads();
        String revision = revision();
        assertThat(api.get("/api/v1/pods").array("items").size()).isEqualTo(GATEWAYS * PODS_EACH);
        List<Gateway> gateways = new ArrayList<>();
        for (int number = 0; number < GATEWAYS; number++) {
            gateways.add(gateway(number, revision));
        }
        List<TestingExchange> all = new ArrayList<>(watchesOfAll(PLAIN, JSON, revision));
        all.addAll(watchesOfAll(TABLES, as("Table"), revision));
        all.addAll(watchesOfAll(METADATA, as("PartialObjectMetadata"), revision));
        TestingExchange initial =
                watch("", JSON, PODS + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
        initial.events(GATEWAYS * PODS_EACH + 1);
        initial.hangUp();
        assertThat(store.fileReads()).as("reads of the file").isEqualTo(reads);

        podsOfSomeGatewaysChange(gateways, all);
        whatOneGatewayReadsChanges(gateways.get(1));
        whatAllGatewaysReadChanges(gateways);
    }

    private void podsOfSomeGatewaysChange(List<Gateway> gateways, List<TestingExchange> all) {
        Counts before = new Counts(ResourceType.PODS);
        for (int i = 0; i < EVENTS; i++) {
            api.store()
                    .patch(
                            ResourceType.PODS,
                            ResourceType.PODS.key("default", "pod-" + i + "-0"),
                            annotated(i),
                            "",
                            TEST);
        }
        all.forEach(watch -> watch.events(EVENTS));
        for (int i = 0; i < EVENTS; i++) {
            gateways.get(i).pods().events(1);
        }
        Counts after = new Counts(ResourceType.PODS);
        assertThat(after.asked - before.asked)
                .as("watches asked")
                .isEqualTo((long) EVENTS * (PLAIN + TABLES + METADATA + 1 + OWN));
        assertThat(after.encoded - before.encoded)
                .as("encodings in three forms")
                .isEqualTo(3L * EVENTS);
        assertThat(after.byTheNodeRule - before.byTheNodeRule)
                .as("what the node rule asked of the store")
                .isZero();
    }

    private void whatOneGatewayReadsChanges(Gateway gateway) {
        Counts before = new Counts(ResourceType.CONFIG_MAPS);
        update(settings("map-1", 1));
        gateway.map().events(1);
        Counts after = new Counts(ResourceType.CONFIG_MAPS);
        assertThat(after.asked - before.asked).as("watches asked").isEqualTo(1);
        assertThat(after.encoded - before.encoded).as("encodings").isEqualTo(1);
        assertThat(after.byTheNodeRule - before.byTheNodeRule).isZero();
    }

    private void whatAllGatewaysReadChanges(List<Gateway> gateways) {
        Counts before = new Counts(ResourceType.CONFIG_MAPS);
        update(settings("settings", 1));
        gateways.forEach(gateway -> gateway.shared().events(1));
        Counts after = new Counts(ResourceType.CONFIG_MAPS);
        assertThat(after.asked - before.asked).as("watches asked").isEqualTo(GATEWAYS);
        assertThat(after.encoded - before.encoded).as("encodings").isEqualTo(1);
        assertThat(after.byTheNodeRule - before.byTheNodeRule).isZero();
    }

    private final class Counts {
        final long asked;
        final long encoded;
        final int byTheNodeRule;

        Counts(ResourceType type) {
            asked = api.store().watchesAsked(type);
            encoded = api.server().encodedEvents();
            byTheNodeRule =
                    ScaleTest.this.asked.values().stream().mapToInt(AtomicInteger::get).sum();
        }
    }

    private String revision() {
        return api.get("/api/v1/namespaces").text("metadata", "resourceVersion");
    }

    private void update(KubeObject map) {
        api.store().update(ResourceType.CONFIG_MAPS, map, "", TEST);
    }

    private static ObjectStore.Patch annotated(int value) {
        return ObjectStore.Patch.merge(
                JsonObject.of(
                        "metadata",
                        JsonObject.of(
                                "annotations",
                                JsonObject.of("n", Json.of(Integer.toString(value))))));
    }

    private static String as(String kind) {
        return "application/json;as=" + kind + ";g=meta.k8s.io;v=v1";
    }
}
