// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.schema.ServiceRange;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Addresses and node ports are given once. */
final class ServiceAllotmentTest {
    private static final ResourceType SERVICES = ResourceType.SERVICES;
    private static final WriteOptions TEST = WriteOptions.by("test");

    @TempDir private Path folder;
    private EmbeddedObjectStore store;

    @BeforeEach
    void open() throws Exception {
        store =
                EmbeddedObjectStore.open(
                        folder, new BuiltInKinds(), StoreSettings.DEFAULT, Clock.systemUTC());
        store.create(
                ResourceType.NAMESPACES,
                KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                TEST);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private KubeObject create(String name, String spec) throws Exception {
        return store.create(
                SERVICES,
                KubeObject.of(SERVICES, "default", name).withSpec((JsonObject) Json.parse(spec)),
                TEST);
    }

    private KubeObject patch(String name, String patch) throws Exception {
        return store.patch(
                SERVICES,
                SERVICES.key("default", name),
                Patch.merge((JsonObject) Json.parse(patch)),
                "",
                TEST);
    }

    @Test
    void manyAtOnceGetAddressesAndPortsOfTheirOwn() throws Exception {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            int number = thread;
            all.add(
                    CompletableFuture.runAsync(
                            () -> {
                                for (int i = 0; i < 25; i++) {
                                    try {
                                        create(
                                                "s-" + number + "-" + i,
                                                "{\"type\":\"NodePort\",\"ports\":[{\"port\":80},{\"name\":\"b\",\"port\":81}]}"
                                                        .replace(
                                                                "{\"port\":80}",
                                                                "{\"name\":\"a\",\"port\":80}"));
                                    } catch (Exception e) {
                                        throw new AssertionError(e);
                                    }
                                }
                            }));
        }
        all.forEach(CompletableFuture::join);
        List<KubeObject> services = store.list(ListQuery.all(SERVICES)).items();
        assertThat(services).hasSize(200);
        assertThat(services)
                .extracting(each -> each.spec().text("clusterIP"))
                .doesNotHaveDuplicates()
                .allMatch(address -> address.startsWith("10.96."));
        assertThat(services)
                .allMatch(
                        each ->
                                each.spec()
                                        .array("clusterIPs")
                                        .strings()
                                        .equals(List.of(each.spec().text("clusterIP"))));
        assertThat(services)
                .flatExtracting(
                        each ->
                                each.spec().array("ports").objects().stream()
                                        .map(port -> port.number("nodePort").orElse(0))
                                        .toList())
                .hasSize(400)
                .doesNotHaveDuplicates()
                .allMatch(port -> (long) port >= 30_000 && (long) port <= 32_767);
    }

    @Test
    void aChosenAddressIsHeldAgainstTheOthers() throws Exception {
        create("a", "{\"clusterIP\":\"10.96.0.10\",\"ports\":[{\"port\":53}]}");
        assertThatThrownBy(
                        () ->
                                create(
                                        "b",
                                        "{\"clusterIP\":\"10.96.0.10\",\"ports\":[{\"port\":53}]}"))
                .hasMessageContaining("provided IP is already allocated");
        for (String bad : List.of("10.97.0.1", "10.96.0.0", "10.96.255.255", "10.96.1.999", "x")) {
            assertThatThrownBy(
                            () ->
                                    create(
                                            "b",
                                            "{\"clusterIP\":\""
                                                    + bad
                                                    + "\",\"ports\":[{\"port\":1}]}"))
                    .hasMessageContaining("10.96.0.0/16");
        }
        store.delete(
                SERVICES,
                SERVICES.key("default", "a"),
                new ObjectStore.DeleteOptions(
                        java.util.OptionalLong.empty(), null, null, null, false));
        create("b", "{\"clusterIP\":\"10.96.0.10\",\"ports\":[{\"port\":53}]}");
    }

    @Test
    void anotherRangeIsForNewServicesAndSaysWhenItIsFull() throws Exception {
        KubeObject old = create("old", "{\"ports\":[{\"port\":80}]}");
        store.close();
        store =
                EmbeddedObjectStore.open(
                        folder,
                        new BuiltInKinds(ServiceRange.parse("172.30.0.16/28")),
                        StoreSettings.DEFAULT,
                        Clock.systemUTC());
        KubeObject changed = patch("old", "{\"spec\":{\"selector\":{\"a\":\"b\"}}}");
        assertThat(changed.spec().text("clusterIP")).isEqualTo(old.spec().text("clusterIP"));
        for (int i = 0; i < 14; i++) {
            assertThat(create("s" + i, "{\"ports\":[{\"port\":80}]}").spec().text("clusterIP"))
                    .startsWith("172.30.0.");
        }
        assertThatThrownBy(() -> create("more", "{\"ports\":[{\"port\":80}]}"))
                .hasMessage(
                        "Service \"more\" is invalid: spec.clusterIPs: Invalid value: []: failed to"
                                + " allocate a serviceIP: the range 172.30.0.16/28 is full");
        store.delete(
                SERVICES,
                SERVICES.key("default", "s3"),
                new ObjectStore.DeleteOptions(
                        java.util.OptionalLong.empty(), null, null, null, false));
        create("more", "{\"ports\":[{\"port\":80}]}");
    }

    @Test
    void anUpdateKeepsWhatItLeavesOut() throws Exception {
        KubeObject made =
                create(
                        "web",
                        "{\"type\":\"NodePort\",\"ports\":[{\"port\":80}],\"selector\":{\"a\":\"b\"}}");
        KubeObject plain =
                KubeObject.of(SERVICES, "default", "web")
                        .withSpec(
                                (JsonObject)
                                        Json.parse(
                                                "{\"type\":\"NodePort\",\"ports\":[{\"port\":80}],\"selector\":{\"a\":\"c\"}}"));
        KubeObject updated = store.update(SERVICES, plain, "", TEST);
        assertThat(updated.spec().text("clusterIP")).isEqualTo(made.spec().text("clusterIP"));
        assertThat(updated.spec().array("ports")).isEqualTo(made.spec().array("ports"));
        assertThatThrownBy(
                        () ->
                                patch(
                                        "web",
                                        "{\"spec\":{\"clusterIP\":\"10.96.3.3\",\"clusterIPs\":[\"10.96.3.3\"]}}"))
                .hasMessageContaining("may not change once set");
        KubeObject internal = patch("web", "{\"spec\":{\"type\":\"ClusterIP\"}}");
        assertThat(internal.spec().array("ports").objects().get(0).has("nodePort")).isFalse();
        KubeObject external =
                patch(
                        "web",
                        "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"example.com\"}}");
        assertThat(external.spec().has("clusterIP")).isFalse();
    }

    @Test
    void aHeadlessServiceHasNoAddress() throws Exception {
        KubeObject headless = create("h", "{\"clusterIP\":\"None\",\"selector\":{\"a\":\"b\"}}");
        assertThat(headless.spec().text("clusterIP")).isEqualTo("None");
        assertThat(headless.spec().array("clusterIPs").strings()).containsExactly("None");
    }

    @Test
    void badServicesAreRefusedInKubernetesWords() {
        assertThatThrownBy(() -> create("1st", "{\"ports\":[{\"port\":80}]}"))
                .hasMessageContaining("a DNS-1035 label must consist of");
        assertThatThrownBy(() -> create("a", "{\"selector\":{\"a\":\"b\"}}"))
                .hasMessageContaining("spec.ports: Required value");
        assertThatThrownBy(() -> create("a", "{\"ports\":[{\"port\":80},{\"port\":81}]}"))
                .hasMessageContaining("spec.ports[0].name: Required value");
        assertThatThrownBy(() -> create("a", "{\"ports\":[{\"port\":70000}]}"))
                .hasMessageContaining("must be between 1 and 65535, inclusive");
        assertThatThrownBy(() -> create("a", "{\"type\":\"Cluster\",\"ports\":[{\"port\":80}]}"))
                .hasMessageContaining(
                        "spec.type: Unsupported value: \"Cluster\": supported values:"
                            + " \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"");
        assertThatThrownBy(() -> create("a", "{\"ports\":[{\"port\":80,\"nodePort\":30000}]}"))
                .hasMessageContaining("may not be used when `type` is 'ClusterIP'");
        assertThatThrownBy(
                        () ->
                                create(
                                        "a",
                                        "{\"type\":\"NodePort\",\"ports\":[{\"port\":80,\"nodePort\":80}]}"))
                .hasMessageContaining("The range of valid ports is 30000-32767");
    }
}
