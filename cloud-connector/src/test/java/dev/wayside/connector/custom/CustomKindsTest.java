// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.custom;

import static dev.wayside.connector.TestingStore.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.grid.Controllers;
import dev.wayside.connector.schema.ServedKinds;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.ObjectStore.Tracking;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kinds come, change and go while the store runs, and are there again when it is opened. */
class CustomKindsTest {
    private static final WriteOptions TEST = WriteOptions.by("test");
    private static final ResourceType CRDS = ResourceType.CUSTOM_RESOURCE_DEFINITIONS;
    private static final ResourceType V1 =
            new ResourceType("example.com", "v1", "Widget", "widgets", true);
    private static final ResourceType V2 =
            new ResourceType("example.com", "v2", "Widget", "widgets", true);
    private static final String DEFINITION =
            """
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
             "metadata": {"name": "widgets.example.com"},
             "spec": {"group": "example.com", "scope": "Namespaced",
              "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
              "versions": [
               {"name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {
                  "specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count",
                  "labelSelectorPath": ".status.selector"}},
                "selectableFields": [{"jsonPath": ".spec.color"}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                  "spec": {"type": "object", "properties": {
                    "count": {"type": "integer", "minimum": 0, "default": 1},
                    "color": {"type": "string"}}},
                  "status": {"type": "object", "properties": {
                    "count": {"type": "integer"}, "selector": {"type": "string"}}}}}}}]}}
            """;

    @TempDir Path folder;

    private ServedKinds kinds;
    private EmbeddedObjectStore store;
    private DefinitionController controller;

    @BeforeEach
    void open() throws IOException {
        kinds = new ServedKinds();
        store = EmbeddedObjectStore.open(folder, kinds, StoreSettings.DEFAULT, Clock.systemUTC());
        controller = new DefinitionController(store, kinds.builtIn().all(), Clock.systemUTC());
        controller.start();
        if (store.get(ResourceType.NAMESPACES.key("", "default")).isEmpty()) {
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                    TEST);
        }
    }

    @AfterEach
    void close() {
        controller.close();
        store.close();
    }

    private void restart() throws IOException {
        close();
        open();
    }

    /** As the API server writes it. */
    private KubeObject define(JsonObject definition) {
        return controller.written(
                User.ANONYMOUS, store.create(CRDS, new KubeObject(definition), TEST));
    }

    private KubeObject redefine(JsonObject spec) {
        KubeObject now = definition().orElseThrow();
        return controller.written(User.ANONYMOUS, store.update(CRDS, now.withSpec(spec), "", TEST));
    }

    private Optional<KubeObject> definition() {
        return store.get(CRDS.key("", "widgets.example.com"));
    }

    private KubeObject widget(String name, String spec) {
        return store.create(V1, KubeObject.of(V1, "default", name).withSpec(json(spec)), TEST);
    }

    private List<KubeObject> widgets() {
        return store.list(ListQuery.all(V1)).items();
    }

    @Test
    void aDefinitionIsEstablishedBeforeItsWriterIsAnswered() {
        long before = kinds.version();
        KubeObject definition = define(json(DEFINITION));
        assertThat(definition.conditionIsTrue("Established")).isTrue();
        assertThat(definition.conditionIsTrue("NamesAccepted")).isTrue();
        assertThat(definition.status().array("storedVersions").strings()).containsExactly("v1");
        assertThat(definition.status().text("acceptedNames", "listKind")).isEqualTo("WidgetList");
        assertThat(kinds.version()).isGreaterThan(before);
        assertThat(kinds.byPlural("example.com", "v1", "widgets")).isPresent();
        assertThat(kinds.byKind("example.com/v1", "Widget")).isPresent();
        assertThat(kinds.all()).anyMatch(kind -> kind.type().equals(V1));
    }

    @Test
    void objectsAreDefaultedPrunedValidatedAndCountedByTheirSchema() {
        define(json(DEFINITION));
        KubeObject made = widget("a", "{\"color\": \"red\", \"unknown\": 1}");
        assertThat(made.spec()).isEqualTo(json("{\"color\": \"red\", \"count\": 1}"));
        assertThat(made.generation()).isEqualTo(1);
        assertThatThrownBy(() -> widget("b", "{\"count\": -1}"))
                .isInstanceOf(ApiException.class)
                .hasMessage(
                        "Widget.example.com \"b\" is invalid: spec.count: Invalid value: -1:"
                                + " spec.count in body should be greater than or equal to 0");
        KubeObject reported =
                store.update(V1, made.withStatus(json("{\"count\": 1}")), "status", TEST);
        assertThat(reported.generation()).isEqualTo(1);
        KubeObject patched =
                store.patch(
                        V1,
                        made.key(V1),
                        Patch.merge(json("{\"spec\": {\"color\": \"blue\"}, \"status\": {}}")),
                        "",
                        TEST);
        assertThat(patched.generation()).isEqualTo(2);
        assertThat(patched.status()).isEqualTo(json("{\"count\": 1}"));
        assertThatThrownBy(
                        () ->
                                store.patch(
                                        V1,
                                        made.key(V1),
                                        new Patch(PatchType.STRATEGIC, json("{}")),
                                        "",
                                        TEST))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e ->
                                assertThat(e.reason())
                                        .isEqualTo(ApiException.Reason.UNSUPPORTED_MEDIA_TYPE));
    }

    @Test
    void scaleFollowsThePathsOfTheDefinition() {
        define(json(DEFINITION));
        KubeObject made = widget("a", "{\"count\": 2}");
        store.update(
                V1,
                made.withStatus(json("{\"count\": 1, \"selector\": \"app=a\"}")),
                "status",
                TEST);
        KubeObject scale =
                store.patch(
                        V1,
                        made.key(V1),
                        Patch.merge(json("{\"spec\": {\"replicas\": 5}}")),
                        "scale",
                        TEST);
        assertThat(scale.spec()).isEqualTo(json("{\"replicas\": 5}"));
        assertThat(scale.status()).isEqualTo(json("{\"replicas\": 1, \"selector\": \"app=a\"}"));
        assertThat(store.get(made.key(V1)).orElseThrow().spec().number("count")).hasValue(5);
    }

    @Test
    void whoScalesOwnsTheCountByItsOwnPath() {
        define(json(DEFINITION));
        String widget =
                "{\"apiVersion\": \"example.com/v1\", \"kind\": \"Widget\","
                        + " \"metadata\": {\"name\": \"a\", \"namespace\": \"default\"},"
                        + " \"spec\": {\"color\": \"red\", \"count\": %d}}";
        KubeObject made =
                store.create(
                        V1,
                        new KubeObject(json(widget.formatted(2))),
                        new WriteOptions("user", false, false, Tracking.APPLY));
        store.patch(
                V1,
                made.key(V1),
                Patch.merge(json("{\"spec\": {\"replicas\": 5}}")),
                "scale",
                TEST.tracking(Tracking.UPDATE));
        assertThatThrownBy(() -> apply(widget.formatted(3), "", "user", false))
                .hasMessageContaining("conflict with \"test\"")
                .hasMessageContaining(".spec.count");
        String scale =
                "{\"apiVersion\": \"autoscaling/v1\", \"kind\": \"Scale\","
                        + " \"metadata\": {\"name\": \"a\", \"namespace\": \"default\"},"
                        + " \"spec\": {\"replicas\": %d}}";
        assertThatThrownBy(() -> apply(scale.formatted(7), "scale", "scaler", false))
                .hasMessageContaining("conflict");
        KubeObject scaled = apply(scale.formatted(7), "scale", "scaler", true);
        assertThat(scaled.kind()).isEqualTo("Scale");
        assertThat(scaled.spec()).isEqualTo(json("{\"replicas\": 7}"));
        KubeObject widgetNow = store.get(made.key(V1)).orElseThrow();
        assertThat(widgetNow.spec()).isEqualTo(json("{\"color\": \"red\", \"count\": 7}"));
        assertThat(widgetNow.metadata().array("managedFields").objects())
                .filteredOn(entry -> entry.text("manager").equals("scaler"))
                .singleElement()
                .satisfies(
                        entry -> {
                            assertThat(entry.text("subresource")).isEqualTo("scale");
                            assertThat(entry.object("fieldsV1"))
                                    .isEqualTo(json("{\"f:spec\": {\"f:count\": {}}}"));
                        });
    }

    private KubeObject apply(String body, String subresource, String manager, boolean force) {
        return store.patch(
                V1,
                V1.key("default", "a"),
                new Patch(PatchType.APPLY, json(body)),
                subresource,
                new WriteOptions(manager, false, force, Tracking.APPLY));
    }

    @Test
    void kindsAndObjectsAreThereAfterARestartAndWatchesResume() throws Exception {
        define(json(DEFINITION));
        KubeObject first = widget("a", "{\"color\": \"red\"}");
        widget("b", "{\"color\": \"blue\"}");
        restart();
        assertThat(kinds.byPlural("example.com", "v1", "widgets")).isPresent();
        assertThat(widgets()).extracting(KubeObject::name).containsExactly("a", "b");
        assertThat(selected("red")).containsExactly("a");
        Recorder recorder = new Recorder();
        try (Watch watch = watch(first.resourceVersion(), recorder)) {
            Eventually.see(
                    "the event since",
                    Duration.ofSeconds(10),
                    recorder::seen,
                    seen -> seen.equals(List.of("ADDED b")));
        }
    }

    private List<String> selected(String color) {
        return store
                .list(
                        new ListQuery(
                                V1,
                                "",
                                LabelSelector.EVERYTHING,
                                FieldSelector.of("spec.color", color),
                                0,
                                "",
                                "",
                                false))
                .items()
                .stream()
                .map(KubeObject::name)
                .toList();
    }

    private Watch watch(String revision, WatchListener listener) {
        return store.watch(
                new WatchQuery(
                        V1,
                        "",
                        LabelSelector.EVERYTHING,
                        FieldSelector.EVERYTHING,
                        revision,
                        false,
                        false),
                listener);
    }

    @Test
    void anewFieldForSelectorsIsKnownOfObjectsThatAreThereAlready() {
        JsonObject spec = json(DEFINITION).object("spec");
        JsonObject without =
                spec.with(
                        "versions",
                        JsonArray.of(
                                spec.array("versions")
                                        .objects()
                                        .get(0)
                                        .without("selectableFields")));
        define(json(DEFINITION).with("spec", without));
        widget("a", "{\"color\": \"red\"}");
        assertThatThrownBy(() -> selected("red")).isInstanceOf(ApiException.class);
        redefine(spec);
        widget("b", "{\"color\": \"red\"}");
        assertThat(selected("red")).containsExactly("a", "b");
    }

    @Test
    void anotherVersionShowsTheSameObjectsUnderItsName() {
        define(json(DEFINITION));
        KubeObject old = widget("a", "{\"color\": \"red\"}");
        JsonObject v1 = json(DEFINITION).object("spec").array("versions").objects().get(0);
        JsonObject spec = definition().orElseThrow().spec();
        redefine(
                spec.with(
                        "versions",
                        JsonArray.of(v1.with("storage", Json.of(false)), v1.with("name", "v2"))));
        assertThat(definition().orElseThrow().status().array("storedVersions").strings())
                .containsExactly("v1", "v2");
        // It is read in the version that is stored now, whichever it was written in.
        KubeObject seen = store.get(old.key(V1)).orElseThrow();
        assertThat(seen.apiVersion()).isEqualTo("example.com/v2");
        assertThat(kinds.byPlural("example.com", "v1", "widgets").orElseThrow().converted(seen))
                .extracting(KubeObject::apiVersion)
                .isEqualTo("example.com/v1");
        assertThat(widgets()).extracting(KubeObject::apiVersion).containsExactly("example.com/v1");
        KubeObject rewritten = store.update(V2, seen, "", TEST);
        assertThat(rewritten.generation()).isEqualTo(1);
        assertThat(widgets()).extracting(KubeObject::apiVersion).containsExactly("example.com/v2");
        assertThat(store.update(V1, old.withoutMetadata("resourceVersion"), "", TEST).apiVersion())
                .isEqualTo("example.com/v1");
        KubeObject both =
                store.patch(
                        V2,
                        old.key(V2),
                        Patch.merge(json("{\"spec\": {\"color\": \"blue\"}}")),
                        "",
                        TEST);
        assertThat(both.apiVersion()).isEqualTo("example.com/v2");
        assertThatThrownBy(
                        () -> redefine(spec.with("versions", JsonArray.of(v1.with("name", "v2")))))
                .hasMessageContaining("status.storedVersions[0]: Invalid value: \"v1\"");
    }

    @Test
    void deletingADefinitionDeletesItsObjectsFirstAndEndsTheWatches() throws Exception {
        define(json(DEFINITION));
        KubeObject held =
                store.update(
                        V1,
                        widget("a", "{}")
                                .withMetadata("finalizers", JsonArray.of(Json.of("example.com/x"))),
                        "",
                        TEST);
        widget("b", "{}");
        Recorder recorder = new Recorder();
        var unused = watch(held.resourceVersion(), recorder);
        store.delete(CRDS, CRDS.key("", "widgets.example.com"), DeleteOptions.BACKGROUND);
        assertThat(definition().orElseThrow().finalizers())
                .containsExactly("customresourcecleanup.apiextensions.k8s.io");
        assertThatThrownBy(() -> widget("c", "{}"))
                .hasMessage("create not allowed while custom resource definition is terminating");
        Eventually.see(
                "the one that is not held to go",
                Duration.ofSeconds(10),
                () -> widgets().size(),
                left -> left == 1);
        KubeObject last = store.get(held.key(V1)).orElseThrow();
        store.update(V1, last.withoutMetadata("finalizers"), "", TEST);
        Eventually.see(
                "the definition to go",
                Duration.ofSeconds(20),
                this::definition,
                Optional::isEmpty);
        assertThat(recorder.ended.get(10, TimeUnit.SECONDS).reason())
                .isEqualTo(ApiException.Reason.UNAVAILABLE);
        assertThat(recorder.seen()).endsWith("DELETED a");
        assertThat(kinds.byQualified("widgets.example.com")).isEmpty();
        assertThatThrownBy(this::widgets).isInstanceOf(ApiException.class);
        // A new kind of the same name begins with nothing, also after a restart.
        define(json(DEFINITION));
        assertThat(widgets()).isEmpty();
        assertThatThrownBy(() -> watch(held.resourceVersion(), new Recorder()))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(ApiException.Reason.EXPIRED));
        restart();
        assertThat(widgets()).isEmpty();
        widget("a", "{}");
        assertThat(widgets()).hasSize(1);
    }

    @Test
    void whatAFinalizerWasTakenFromGoesWithAllThatItHad() throws Exception {
        define(json(DEFINITION));
        KubeObject held =
                store.update(
                        V1,
                        widget("a", "{}")
                                .withMetadata("finalizers", JsonArray.of(Json.of("example.com/x"))),
                        "",
                        TEST);
        store.delete(CRDS, CRDS.key("", "widgets.example.com"), DeleteOptions.BACKGROUND);
        store.patch(
                CRDS,
                CRDS.key("", "widgets.example.com"),
                Patch.merge(json("{\"metadata\": {\"finalizers\": null}}")),
                "",
                TEST);
        assertThat(definition()).isEmpty();
        restart();
        define(json(DEFINITION));
        assertThat(store.get(held.key(V1))).isEmpty();
    }

    @Test
    void namesThatOthersHaveAreNotAcceptedUntilTheyAreFree() throws Exception {
        define(json(DEFINITION));
        JsonObject other =
                json(
                        DEFINITION
                                .replace("widgets", "gadgets")
                                .replace("\"kind\": \"Widget\"", "\"kind\": \"Gadget\""));
        KubeObject refused = define(other);
        assertThat(refused.conditionIsTrue("Established")).isFalse();
        assertThat(refused.condition("NamesAccepted").orElseThrow())
                .satisfies(
                        condition -> {
                            assertThat(condition.text("reason")).isEqualTo("ShortNamesConflict");
                            assertThat(condition.text("message"))
                                    .isEqualTo("\"wd\" is already in use");
                        });
        assertThat(kinds.byQualified("gadgets.example.com")).isEmpty();
        store.delete(CRDS, CRDS.key("", "widgets.example.com"), DeleteOptions.BACKGROUND);
        Eventually.see(
                "the other to be established",
                Duration.ofSeconds(20),
                () -> kinds.byQualified("gadgets.example.com"),
                Optional::isPresent);
    }

    @Test
    void aDefinitionThatNobodyJudgedBeforeTheCrashIsJudgedAtTheNextStart() throws Exception {
        controller.close();
        store.create(CRDS, new KubeObject(json(DEFINITION)), TEST);
        assertThat(kinds.byQualified("widgets.example.com")).isEmpty();
        restart();
        Eventually.see(
                "the kind",
                Duration.ofSeconds(20),
                () -> kinds.byQualified("widgets.example.com"),
                Optional::isPresent);
    }

    @Test
    void builtInKindsKeepTheirNames() {
        KubeObject refused =
                define(
                        json(
                                DEFINITION
                                        .replace("widgets", "deploymentgrids")
                                        .replace("example.com", "superedge.io")));
        assertThat(refused.conditionIsTrue("NamesAccepted")).isFalse();
        assertThat(kinds.byPlural("superedge.io", "v1", "deploymentgrids").orElseThrow().type())
                .isEqualTo(ResourceType.DEPLOYMENT_GRIDS);
    }

    @Test
    void garbageAndNamespacesAreSweptForCustomKindsToo() throws Exception {
        try (Controllers controllers = Controllers.start(store, Clock.systemUTC())) {
            assertThat(controllers).isNotNull();
            define(json(DEFINITION));
            KubeObject owner = widget("owner", "{}");
            JsonObject reference =
                    JsonObject.builder()
                            .put("apiVersion", "example.com/v1")
                            .put("kind", "Widget")
                            .put("name", "owner")
                            .put("uid", owner.uid())
                            .build();
            KubeObject dependent =
                    store.create(
                            ResourceType.CONFIG_MAPS,
                            KubeObject.of(ResourceType.CONFIG_MAPS, "default", "dependent")
                                    .withMetadata("ownerReferences", JsonArray.of(reference)),
                            TEST);
            store.create(
                    ResourceType.NAMESPACES,
                    KubeObject.of(ResourceType.NAMESPACES, "", "shop"),
                    TEST);
            store.create(V1, KubeObject.of(V1, "shop", "w"), TEST);
            store.delete(
                    ResourceType.NAMESPACES,
                    ResourceType.NAMESPACES.key("", "shop"),
                    DeleteOptions.BACKGROUND);
            Eventually.see(
                    "the namespace to go",
                    Duration.ofSeconds(30),
                    () -> store.get(ResourceType.NAMESPACES.key("", "shop")),
                    Optional::isEmpty);
            assertThat(widgets()).extracting(KubeObject::name).containsExactly("owner");
            // The whole kind goes, and what its objects owned goes all the same.
            store.delete(CRDS, CRDS.key("", "widgets.example.com"), DeleteOptions.BACKGROUND);
            Eventually.see(
                    "the dependent to go",
                    Duration.ofSeconds(30),
                    () -> store.get(dependent.key(ResourceType.CONFIG_MAPS)),
                    Optional::isEmpty);
        }
    }

    /** Notes what a watch tells. */
    private static final class Recorder implements WatchListener {
        final CompletableFuture<ApiException> ended = new CompletableFuture<>();
        private final List<String> events = Collections.synchronizedList(new ArrayList<>());

        List<String> seen() {
            return List.copyOf(events);
        }

        @Override
        public void onEvent(Event event) {
            events.add(event.type() + " " + event.object().name());
        }

        @Override
        public void onEnd(ApiException reason) {
            ended.complete(reason);
        }
    }
}
