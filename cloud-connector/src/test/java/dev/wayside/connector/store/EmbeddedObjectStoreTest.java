// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Deleted;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedObjectStoreTest {
    private static final WriteOptions TEST = WriteOptions.by("test");
    private static final WriteOptions DRY = new WriteOptions("test", true, false);
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00.5Z");
    private static final ResourceType PODS = ResourceType.PODS;
    private static final ResourceType MAPS = ResourceType.CONFIG_MAPS;
    private static final ResourceType DEPLOYMENTS = ResourceType.DEPLOYMENTS;

    @TempDir Path dir;
    private EmbeddedObjectStore store;

    @BeforeEach
    void open() throws IOException {
        store =
                EmbeddedObjectStore.open(
                        dir,
                        new TestKinds(),
                        StoreSettings.DEFAULT,
                        Clock.fixed(NOW, ZoneOffset.UTC));
        if (store.get(ResourceType.NAMESPACES.key("", "default")).isEmpty()) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                    TEST);
        }
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static KubeObject object(ResourceType type, String name) {
        return KubeObject.of(type, "default", name);
    }

    private static KubeObject map(String name, String value) {
        return object(MAPS, name).with("data", JsonObject.of("key", value));
    }

    private static KubeObject pod(String name, String node) {
        return object(PODS, name).withSpec(JsonObject.EMPTY.with("nodeName", node));
    }

    private static ObjectKey key(ResourceType type, String name) {
        return type.key("default", name);
    }

    private static void refused(ThrowingCallable call, Reason reason, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(reason);
                            assertThat(e).hasMessageContaining(message);
                        });
    }

    private static Json json(String text) {
        try {
            return Json.parse(text.replace('\'', '"'));
        } catch (JsonException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Test
    void createsWithSystemMetadata() {
        KubeObject given =
                map("a", "1")
                        .withMetadata("uid", Json.of("mine"))
                        .withMetadata("generation", Json.of(7))
                        .withMetadata("deletionTimestamp", Json.of("2020-01-01T00:00:00Z"));
        KubeObject created = store.create(MAPS, given, TEST);
        assertThat(created.uid()).hasSize(36);
        assertThat(created.metadata().text("creationTimestamp")).isEqualTo("2026-03-01T10:00:00Z");
        assertThat(created.deleted()).isEmpty();
        assertThat(created.metadata().has("generation")).isFalse();
        assertThat(Long.parseLong(created.resourceVersion())).isPositive();
        assertThat(store.get(key(MAPS, "a"))).contains(created);
        assertThat(store.create(DEPLOYMENTS, object(DEPLOYMENTS, "d"), TEST).generation())
                .isEqualTo(1);
    }

    @Test
    void refusesToCreateWhatDoesNotFit() {
        store.create(MAPS, map("a", "1"), TEST);
        refused(
                () -> store.create(MAPS, map("a", "2"), TEST),
                Reason.ALREADY_EXISTS,
                "configmaps \"a\" already exists");
        refused(
                () -> store.create(MAPS, KubeObject.of(MAPS, "nowhere", "a"), TEST),
                Reason.NOT_FOUND,
                "namespaces \"nowhere\" not found");
        refused(
                () ->
                        store.create(
                                MAPS,
                                map("b", "1").withMetadata("resourceVersion", Json.of("1")),
                                TEST),
                Reason.BAD_REQUEST,
                "resourceVersion should not be set on objects to be created");
        refused(
                () -> store.create(PODS, map("b", "1"), TEST),
                Reason.BAD_REQUEST,
                "ConfigMap in version \"v1\" cannot be handled as a Pod");
        refused(
                () ->
                        store.create(
                                DEPLOYMENTS,
                                object(DEPLOYMENTS, "b").with("apiVersion", Json.of("apps/v2")),
                                TEST),
                Reason.BAD_REQUEST,
                "the API version in the data (apps/v2) does not match the expected API version"
                        + " (apps/v1)");
        refused(
                () ->
                        store.create(
                                DEPLOYMENTS,
                                object(DEPLOYMENTS, "b").withSpec(JsonObject.of("bad", "x")),
                                TEST),
                Reason.INVALID,
                "Deployment.apps \"b\" is invalid: spec.bad: Invalid value: \"bad\": must not be"
                        + " there");
        refused(
                () -> store.create(MAPS, map("b", "x".repeat(3 << 20)), TEST),
                Reason.TOO_LARGE,
                "too large");
        refused(
                () -> store.create(MAPS, map("", "1"), TEST),
                Reason.INVALID,
                "name or generateName is required");
    }

    @Test
    void generatesNames() {
        KubeObject template =
                map("", "1").withoutMetadata("name").withMetadata("generateName", Json.of("web-"));
        String first = store.create(MAPS, template, TEST).name();
        String second = store.create(MAPS, template, TEST).name();
        assertThat(first).matches("web-[bcdfghjklmnpqrstvwxz2456789]{5}").isNotEqualTo(second);
    }

    @Test
    void stripsStatusOfNewObjectsAndKeepsItFromUpdates() {
        KubeObject created =
                store.create(
                        DEPLOYMENTS,
                        object(DEPLOYMENTS, "d").withStatus(JsonObject.of("replicas", Json.of(9))),
                        TEST);
        assertThat(created.json().has("status")).isFalse();
        KubeObject reported =
                store.update(
                        DEPLOYMENTS,
                        created.withStatus(JsonObject.of("replicas", Json.of(1)))
                                .withSpec(JsonObject.of("replicas", Json.of(5))),
                        "status",
                        TEST);
        assertThat(reported.spec().number("replicas")).hasValue(1);
        assertThat(reported.status().number("replicas")).hasValue(1);
        assertThat(reported.generation()).isEqualTo(1);
        KubeObject scaled =
                store.update(
                        DEPLOYMENTS,
                        reported.withStatus(JsonObject.EMPTY)
                                .withSpec(JsonObject.of("replicas", Json.of(5))),
                        "",
                        TEST);
        assertThat(scaled.spec().number("replicas")).hasValue(5);
        assertThat(scaled.status().number("replicas")).hasValue(1);
        assertThat(scaled.generation()).isEqualTo(2);
        KubeObject labelled =
                store.update(DEPLOYMENTS, scaled.withLabels(java.util.Map.of("a", "b")), "", TEST);
        assertThat(labelled.generation()).isEqualTo(2);
    }

    @Test
    void writesNothingWhenNothingChanges() {
        KubeObject created = store.create(MAPS, map("a", "1"), TEST);
        assertThat(store.update(MAPS, map("a", "1"), "", TEST)).isEqualTo(created);
        assertThat(store.patch(MAPS, key(MAPS, "a"), Patch.merge(JsonObject.EMPTY), "", TEST))
                .isEqualTo(created);
    }

    @Test
    void honoursPreconditions() {
        KubeObject created = store.create(MAPS, map("a", "1"), TEST);
        KubeObject updated = store.update(MAPS, created.with("data", JsonObject.EMPTY), "", TEST);
        refused(
                () -> store.update(MAPS, created.with("data", JsonObject.EMPTY), "", TEST),
                Reason.CONFLICT,
                "Operation cannot be fulfilled on configmaps \"a\": the object has been modified;"
                        + " please apply your changes to the latest version and try again");
        refused(
                () ->
                        store.update(
                                MAPS,
                                map("a", "2").withMetadata("uid", Json.of("other")),
                                "",
                                TEST),
                Reason.CONFLICT,
                "Precondition failed: UID in precondition: other");
        refused(
                () -> store.update(MAPS, map("none", "2"), "", TEST),
                Reason.NOT_FOUND,
                "configmaps \"none\" not found");
        refused(
                () ->
                        store.delete(
                                MAPS,
                                key(MAPS, "a"),
                                new DeleteOptions(
                                        OptionalLong.empty(), "other", null, null, false)),
                Reason.CONFLICT,
                "the UID in the precondition (other) does not match the UID in record");
        refused(
                () ->
                        store.delete(
                                MAPS,
                                key(MAPS, "a"),
                                new DeleteOptions(
                                        OptionalLong.empty(),
                                        null,
                                        created.resourceVersion(),
                                        null,
                                        false)),
                Reason.CONFLICT,
                "the ResourceVersion in the precondition");
        assertThat(store.get(key(MAPS, "a"))).contains(updated);
    }

    @Test
    void keepsSystemMetadataOnUpdate() {
        KubeObject created = store.create(MAPS, map("a", "1"), TEST);
        KubeObject updated = store.update(MAPS, map("a", "2"), "", TEST);
        assertThat(updated.uid()).isEqualTo(created.uid());
        assertThat(updated.metadata().text("creationTimestamp"))
                .isEqualTo(created.metadata().text("creationTimestamp"));
        assertThat(Long.parseLong(updated.resourceVersion()))
                .isGreaterThan(Long.parseLong(created.resourceVersion()));
    }

    @Test
    void patchesInThreeWays() {
        store.create(MAPS, map("a", "1"), TEST);
        ObjectKey key = key(MAPS, "a");
        KubeObject merged =
                store.patch(
                        MAPS,
                        key,
                        new Patch(PatchType.MERGE, json("{'data':{'key':null,'b':'2'}}")),
                        "",
                        TEST);
        assertThat(merged.json().object("data")).isEqualTo(json("{'b':'2'}"));
        KubeObject patched =
                store.patch(
                        MAPS,
                        key,
                        new Patch(
                                PatchType.JSON,
                                json(
                                        "[{'op':'test','path':'/data/b','value':'2'},"
                                            + "{'op':'add','path':'/data/c~1d','value':'3'},"
                                            + "{'op':'move','from':'/data/b','path':'/data/e'}]")),
                        "",
                        TEST);
        assertThat(patched.json().object("data")).isEqualTo(json("{'c/d':'3','e':'2'}"));
        refused(
                () ->
                        store.patch(
                                MAPS,
                                key,
                                new Patch(
                                        PatchType.JSON,
                                        json("[{'op':'remove','path':'/data/none'}]")),
                                "",
                                TEST),
                Reason.INVALID,
                "/data/none");
        store.create(PODS, object(PODS, "p"), TEST);
        assertThat(
                        store.patch(
                                        PODS,
                                        key(PODS, "p"),
                                        new Patch(PatchType.STRATEGIC, json("{'x':'y'}")),
                                        "",
                                        TEST)
                                .json()
                                .object("strategic"))
                .isEqualTo(json("{'x':'y'}"));
        refused(
                () -> store.patch(MAPS, key, new Patch(PatchType.STRATEGIC, json("{}")), "", TEST),
                Reason.UNSUPPORTED_MEDIA_TYPE,
                "application/merge-patch+json");
        refused(
                () ->
                        store.patch(
                                PODS,
                                key(PODS, "p"),
                                new Patch(PatchType.STRATEGIC, json("{'$malformed':1}")),
                                "",
                                TEST),
                Reason.BAD_REQUEST,
                "unknown directive");
        refused(
                () ->
                        store.patch(
                                MAPS,
                                key,
                                new Patch(PatchType.MERGE, json("{'metadata':{'name':'b'}}")),
                                "",
                                TEST),
                Reason.BAD_REQUEST,
                "does not match the name on the URL");
        refused(
                () ->
                        store.patch(
                                MAPS,
                                key,
                                new Patch(
                                        PatchType.MERGE,
                                        json("{'metadata':{'resourceVersion':'1'}}")),
                                "",
                                TEST),
                Reason.CONFLICT,
                "the object has been modified");
    }

    @Test
    void patchesOfManyAllCount() {
        store.create(MAPS, map("a", "1"), TEST);
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String name = "w" + i;
            writers.add(
                    CompletableFuture.runAsync(
                            () ->
                                    store.patch(
                                            MAPS,
                                            key(MAPS, "a"),
                                            Patch.merge(
                                                    JsonObject.of(
                                                            "data", JsonObject.of(name, "1"))),
                                            "",
                                            TEST)));
        }
        writers.forEach(CompletableFuture::join);
        assertThat(store.get(key(MAPS, "a")).orElseThrow().json().object("data").members())
                .hasSize(9);
    }

    @Test
    void dryRunsChangeNothing() {
        KubeObject map = store.create(MAPS, map("a", "1"), TEST);
        assertThat(store.create(MAPS, map("b", "1"), DRY).uid()).isNotEmpty();
        refused(() -> store.create(MAPS, map("a", "1"), DRY), Reason.ALREADY_EXISTS, "exists");
        refused(
                () -> store.create(MAPS, KubeObject.of(MAPS, "nowhere", "a"), DRY),
                Reason.NOT_FOUND,
                "nowhere");
        assertThat(store.update(MAPS, map("a", "2"), "", DRY).json().object("data").text("key"))
                .isEqualTo("2");
        store.patch(MAPS, key(MAPS, "a"), Patch.merge(JsonObject.of("x", "y")), "", DRY);
        assertThat(
                        store.delete(
                                        MAPS,
                                        key(MAPS, "a"),
                                        new DeleteOptions(
                                                OptionalLong.empty(), null, null, null, true))
                                .gone())
                .isTrue();
        assertThat(store.get(key(MAPS, "a"))).contains(map);
        assertThat(store.get(key(MAPS, "b"))).isEmpty();
    }

    @Test
    void scales() {
        store.create(
                DEPLOYMENTS,
                object(DEPLOYMENTS, "d")
                        .withSpec(
                                (JsonObject)
                                        json(
                                                "{'replicas':2,'selector':{'matchLabels':{'a':'b'}}}")),
                TEST);
        KubeObject scale =
                Scales.of(
                        new TestKinds().byQualified(DEPLOYMENTS.qualified()).orElseThrow(),
                        store.get(key(DEPLOYMENTS, "d")).orElseThrow());
        assertThat(scale.status().text("selector")).isEqualTo("a=b");
        KubeObject scaled =
                store.update(
                        DEPLOYMENTS,
                        scale.withSpec(JsonObject.of("replicas", Json.of(4))),
                        "scale",
                        TEST);
        assertThat(scaled.kind()).isEqualTo("Scale");
        assertThat(scaled.spec().number("replicas")).hasValue(4);
        KubeObject deployment = store.get(key(DEPLOYMENTS, "d")).orElseThrow();
        assertThat(deployment.spec().number("replicas")).hasValue(4);
        assertThat(deployment.generation()).isEqualTo(2);
        store.patch(
                DEPLOYMENTS,
                key(DEPLOYMENTS, "d"),
                Patch.merge((JsonObject) json("{'spec':{'replicas':0}}")),
                "scale",
                TEST);
        assertThat(store.get(key(DEPLOYMENTS, "d")).orElseThrow().spec().number("replicas"))
                .hasValue(0);
        refused(
                () ->
                        store.update(
                                DEPLOYMENTS,
                                scaled.withSpec(JsonObject.of("replicas", Json.of(1))),
                                "scale",
                                TEST),
                Reason.CONFLICT,
                "modified");
        refused(
                () ->
                        store.patch(
                                DEPLOYMENTS,
                                key(DEPLOYMENTS, "d"),
                                Patch.merge((JsonObject) json("{'spec':{'replicas':-1}}")),
                                "scale",
                                TEST),
                Reason.INVALID,
                "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be"
                        + " greater than or equal to 0");
        refused(
                () -> store.update(MAPS, map("a", "1"), "scale", TEST),
                Reason.NOT_FOUND,
                "not found");
    }

    @Test
    void bindsPodsOnce() {
        store.create(PODS, object(PODS, "p"), TEST);
        KubeObject binding =
                new KubeObject(
                        (JsonObject)
                                json(
                                        "{'apiVersion':'v1','kind':'Binding','metadata':{'name':'p',"
                                            + "'namespace':'default'},'target':{'kind':'Node',"
                                            + "'name':'n1'}}"));
        KubeObject bound = store.update(PODS, binding, "binding", TEST);
        assertThat(bound.spec().text("nodeName")).isEqualTo("n1");
        assertThat(bound.conditionIsTrue("PodScheduled")).isTrue();
        refused(
                () -> store.update(PODS, binding, "binding", TEST),
                Reason.CONFLICT,
                "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to"
                        + " node \"n1\"");
    }

    @Test
    void approvesRequestsAndTouchesNothingElse() {
        ResourceType csrs = ResourceType.CERTIFICATE_SIGNING_REQUESTS;
        KubeObject csr =
                store.create(
                        csrs,
                        KubeObject.of(csrs, "", "c").withSpec(JsonObject.of("request", "r")),
                        TEST);
        KubeObject approved =
                store.update(
                        csrs,
                        csr.withSpec(JsonObject.EMPTY)
                                .withStatus(
                                        (JsonObject)
                                                json(
                                                        "{'certificate':'forged','conditions':[{'type':"
                                                            + "'Approved','status':'True'}]}")),
                        "approval",
                        TEST);
        assertThat(approved.conditionIsTrue("Approved")).isTrue();
        assertThat(approved.status().has("certificate")).isFalse();
        assertThat(approved.spec().text("request")).isEqualTo("r");
    }

    @Test
    void deletesAtOnceWhatNobodyWaitsFor() {
        store.create(MAPS, map("a", "1"), TEST);
        Deleted deleted = store.delete(MAPS, key(MAPS, "a"), DeleteOptions.BACKGROUND);
        assertThat(deleted.gone()).isTrue();
        assertThat(store.get(key(MAPS, "a"))).isEmpty();
        refused(
                () -> store.delete(MAPS, key(MAPS, "a"), DeleteOptions.BACKGROUND),
                Reason.NOT_FOUND,
                "configmaps \"a\" not found");
        store.create(PODS, object(PODS, "unbound"), TEST);
        assertThat(store.delete(PODS, key(PODS, "unbound"), DeleteOptions.BACKGROUND).gone())
                .isTrue();
    }

    @Test
    void boundPodsWaitForTheirGateway() {
        store.create(PODS, pod("p", "n1"), TEST);
        Deleted marked = store.delete(PODS, key(PODS, "p"), DeleteOptions.BACKGROUND);
        assertThat(marked.gone()).isFalse();
        assertThat(marked.object().metadata().text("deletionTimestamp"))
                .isEqualTo("2026-03-01T10:00:30Z");
        assertThat(marked.object().deletionGraceSeconds()).hasValue(30);
        assertThat(marked.object().generation()).isEqualTo(2);
        KubeObject same = store.delete(PODS, key(PODS, "p"), grace(60)).object();
        assertThat(same).isEqualTo(marked.object());
        KubeObject sooner = store.delete(PODS, key(PODS, "p"), grace(5)).object();
        assertThat(sooner.metadata().text("deletionTimestamp")).isEqualTo("2026-03-01T10:00:05Z");
        KubeObject revived =
                store.update(
                        PODS,
                        sooner.withoutMetadata("deletionTimestamp")
                                .withLabels(java.util.Map.of("a", "b")),
                        "",
                        TEST);
        assertThat(revived.deleted()).isPresent();
        assertThat(store.delete(PODS, key(PODS, "p"), grace(0)).gone()).isTrue();
        assertThat(store.get(key(PODS, "p"))).isEmpty();
    }

    private static DeleteOptions grace(long seconds) {
        return new DeleteOptions(OptionalLong.of(seconds), null, null, null, false);
    }

    @Test
    void finalizersHoldAnObjectUntilTheLastIsGone() {
        KubeObject map =
                store.create(
                        MAPS,
                        map("a", "1")
                                .withMetadata("finalizers", JsonArray.ofStrings(List.of("x/y"))),
                        TEST);
        Deleted marked =
                store.delete(
                        MAPS,
                        key(MAPS, "a"),
                        new DeleteOptions(
                                OptionalLong.empty(), null, null, Propagation.FOREGROUND, false));
        assertThat(marked.gone()).isFalse();
        assertThat(marked.object().finalizers()).containsExactly("x/y", "foregroundDeletion");
        KubeObject orphaning =
                store.delete(
                                MAPS,
                                key(MAPS, "a"),
                                new DeleteOptions(
                                        OptionalLong.empty(),
                                        null,
                                        null,
                                        Propagation.ORPHAN,
                                        false))
                        .object();
        assertThat(orphaning.finalizers()).containsExactly("x/y", "orphan");
        store.patch(
                MAPS,
                key(MAPS, "a"),
                Patch.merge((JsonObject) json("{'metadata':{'finalizers':['orphan']}}")),
                "",
                TEST);
        assertThat(store.get(key(MAPS, "a"))).isPresent();
        store.patch(
                MAPS,
                key(MAPS, "a"),
                Patch.merge((JsonObject) json("{'metadata':{'finalizers':null}}")),
                "",
                TEST);
        assertThat(store.get(key(MAPS, "a"))).isEmpty();
        assertThat(map.deleted()).isEmpty();
    }

    @Test
    void namespacesGoWhenTheyAreEmptied() {
        ResourceType namespaces = ResourceType.NAMESPACES;
        KubeObject created = store.create(namespaces, KubeObject.of(namespaces, "", "shop"), TEST);
        assertThat(created.status().text("phase")).isEqualTo("Active");
        assertThat(created.labels()).containsEntry("kubernetes.io/metadata.name", "shop");
        Deleted marked =
                store.delete(namespaces, namespaces.key("", "shop"), DeleteOptions.BACKGROUND);
        assertThat(marked.gone()).isFalse();
        assertThat(marked.object().status().text("phase")).isEqualTo("Terminating");
        refused(
                () -> store.create(MAPS, KubeObject.of(MAPS, "shop", "a"), TEST),
                Reason.FORBIDDEN,
                "configmaps \"a\" is forbidden: unable to create new content in namespace shop"
                        + " because it is being terminated");
        KubeObject unchanged =
                store.update(namespaces, marked.object().withSpec(JsonObject.EMPTY), "", TEST);
        assertThat(unchanged.spec().array("finalizers").strings()).containsExactly("kubernetes");
        store.update(namespaces, marked.object().withSpec(JsonObject.EMPTY), "finalize", TEST);
        assertThat(store.get(namespaces.key("", "shop"))).isEmpty();
    }

    @Test
    void staysTheSameOverARestart() throws IOException {
        KubeObject created = store.create(MAPS, map("a", "1"), TEST);
        KubeObject lease =
                store.create(ResourceType.LEASES, object(ResourceType.LEASES, "l"), TEST);
        store.close();
        open();
        assertThat(store.get(key(MAPS, "a"))).contains(created);
        assertThat(store.get(key(ResourceType.LEASES, "l"))).contains(lease);
        KubeObject next = store.create(MAPS, map("b", "1"), TEST);
        assertThat(Long.parseLong(next.resourceVersion()))
                .isEqualTo(Long.parseLong(lease.resourceVersion()) + 1);
    }

    @Test
    void refusesAFolderThatIsInUse() {
        assertThatThrownBy(
                        () ->
                                EmbeddedObjectStore.open(
                                        dir,
                                        new TestKinds(),
                                        StoreSettings.DEFAULT,
                                        Clock.systemUTC()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(dir.toString())
                .hasMessageContaining("in use");
    }

    @Test
    void refusesAFormatThatItDoesNotKnow() throws IOException {
        store.close();
        String path = dir.resolve("objects.mv").toString();
        Consumer<String> write =
                format -> {
                    try {
                        ObjectFile file = ObjectFile.open(path);
                        file.set(ObjectFile.FORMAT, format);
                        file.commit();
                        file.close();
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                };
        write.accept("3");
        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("store format 3")
                .hasMessageContaining("knows 2 and 1");
        java.nio.file.Files.delete(dir.resolve("objects.mv"));
        open();
    }
}
