// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.schema.ServedKinds;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.storage.LossyDisk;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The shelves of custom kinds: what a power cut leaves of them, trimming, pages. */
class CustomKindsInStoreTest {
    private static final ResourceType CRDS = ResourceType.CUSTOM_RESOURCE_DEFINITIONS;
    private static final ResourceType THINGS =
            new ResourceType("example.com", "v1", "Thing", "things", false);

    private final LossyDisk disk = LossyDisk.insert("custom", new Random(1));
    private final StoreSettings settings = StoreSettings.DEFAULT.withHistory(20, 1 << 20, 100);
    private EmbeddedObjectStore store;

    @BeforeEach
    void open() throws IOException {
        store =
                EmbeddedObjectStore.openFile(
                        disk.path("store"), new ServedKinds(), settings, Clock.systemUTC());
    }

    @AfterEach
    void close() {
        store.close();
        disk.close();
    }

    private void cut() throws IOException {
        disk.cut();
        store.close();
        open();
    }

    private static JsonObject json(String text) {
        try {
            return (JsonObject) Json.parse(text.replace('\'', '"'));
        } catch (JsonException e) {
            throw new AssertionError(text, e);
        }
    }

    private void define() {
        KubeObject made =
                store.create(
                        CRDS,
                        new KubeObject(
                                json(
                                        """
                                        {'metadata':{'name':'things.example.com'},
                                         'spec':{'group':'example.com','scope':'Cluster',
                                          'names':{'plural':'things','kind':'Thing'},
                                          'versions':[{'name':'v1','served':true,'storage':true,
                                           'schema':{'openAPIV3Schema':{'type':'object',
                                            'x-kubernetes-preserve-unknown-fields':true}}}]}}
                                        """)),
                        MemoryStore.TEST);
        store.update(
                CRDS,
                made.withStatus(
                        made.status()
                                .with("acceptedNames", made.spec().object("names"))
                                .with(
                                        "conditions",
                                        json("{'c':[{'type':'Established','status':'True'}]}")
                                                .array("c"))),
                "status",
                MemoryStore.TEST);
    }

    private void undefine() {
        store.delete(CRDS, CRDS.key("", "things.example.com"), DeleteOptions.BACKGROUND);
        store.patch(
                CRDS,
                CRDS.key("", "things.example.com"),
                Patch.merge(json("{'metadata':{'finalizers':null}}")),
                "",
                MemoryStore.TEST);
    }

    private KubeObject thing(String name, int value) {
        KubeObject thing =
                KubeObject.of(THINGS, "", name).with("spec", json("{'value':" + value + "}"));
        return store.get(thing.key(THINGS)).isPresent()
                ? store.update(THINGS, thing, "", MemoryStore.TEST)
                : store.create(THINGS, thing, MemoryStore.TEST);
    }

    private List<KubeObject> things() {
        return store.list(ListQuery.all(THINGS)).items();
    }

    @Test
    void aPowerCutLosesNeitherTheKindNorItsObjects() throws IOException {
        define();
        cut();
        assertThat(things()).isEmpty();
        thing("a", 1);
        cut();
        assertThat(things()).extracting(KubeObject::name).containsExactly("a");
        undefine();
        cut();
        assertThatThrownBy(this::things).isInstanceOf(ApiException.class);
        define();
        cut();
        assertThat(things()).isEmpty();
        KubeObject again = thing("a", 2);
        cut();
        assertThat(store.get(again.key(THINGS))).contains(again);
    }

    @Test
    void historyIsTrimmedAndPagesHoldTogetherAsForOtherKinds() throws Exception {
        define();
        String early = thing("a", 0).resourceVersion();
        for (int i = 1; i <= 60; i++) {
            thing("a" + i % 7, i);
        }
        assertThatThrownBy(() -> watch(early))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(ApiException.Reason.EXPIRED));
        ObjectStore.ObjectList first =
                store.list(
                        new ListQuery(
                                THINGS,
                                "",
                                LabelSelector.EVERYTHING,
                                FieldSelector.EVERYTHING,
                                3,
                                "",
                                "",
                                false));
        thing("b", 1);
        ObjectStore.ObjectList rest =
                store.list(
                        new ListQuery(
                                THINGS,
                                "",
                                LabelSelector.EVERYTHING,
                                FieldSelector.EVERYTHING,
                                0,
                                first.continueToken(),
                                "",
                                false));
        assertThat(rest.items()).extracting(KubeObject::name).doesNotContain("b").hasSize(8 - 3);
        String late = thing("c", 1).resourceVersion();
        cut();
        watch(late).close();
        assertThatThrownBy(() -> watch(early)).isInstanceOf(ApiException.class);
    }

    private Watch watch(String revision) {
        return store.watch(
                new WatchQuery(
                        THINGS,
                        "",
                        LabelSelector.EVERYTHING,
                        FieldSelector.EVERYTHING,
                        revision,
                        false,
                        false),
                new Recorder());
    }
}
