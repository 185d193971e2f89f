// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.ManualClock;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets which priority, and what is refused. */
class PriorityRulesTest {
    private static final User USER =
            new User("u", List.of(), new User.Credential.Certificate("", Instant.MAX));

    private static final RequestInfo REQUEST =
            RequestInfo.parse("POST", "/apis/scheduling.k8s.io/v1/priorityclasses");

    @TempDir Path folder;
    private EmbeddedObjectStore store;
    private PriorityRules rules;

    @BeforeEach
    void open() throws Exception {
        store =
                EmbeddedObjectStore.open(
                        folder, new BuiltInKinds(), StoreSettings.DEFAULT, new ManualClock());
        rules = new PriorityRules(store);
        rules.ensure();
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void priorityClass(String name, long value, boolean isDefault) {
        KubeObject made =
                new KubeObject(
                        KubeObject.of(ResourceType.PRIORITY_CLASSES, "", name).json().toBuilder()
                                .put("value", value)
                                .put("globalDefault", isDefault)
                                .build());
        rules.changing(USER, REQUEST, null, made);
        store.create(ResourceType.PRIORITY_CLASSES, made, WriteOptions.by("test"));
    }

    private JsonObject admitted(JsonObject spec) {
        return rules.creating(
                        USER,
                        KubeObject.of(ResourceType.PODS, "default", "p").withSpec(spec),
                        false)
                .spec();
    }

    @Test
    void aPodGetsThePriorityOfItsClass() {
        assertThat(admitted(JsonObject.of("priorityClassName", "system-node-critical")))
                .satisfies(
                        spec -> {
                            assertThat(spec.number("priority")).hasValue(2_000_001_000L);
                            assertThat(spec.text("preemptionPolicy"))
                                    .isEqualTo("PreemptLowerPriority");
                        });
        assertThat(admitted(JsonObject.EMPTY).number("priority")).hasValue(0L);
        priorityClass("usual", 7, true);
        assertThat(admitted(JsonObject.EMPTY).text("priorityClassName")).isEqualTo("usual");
        assertThat(admitted(JsonObject.EMPTY).number("priority")).hasValue(7L);
    }

    @Test
    void anUnknownClassAndANumberOfOnesOwnAreRefused() {
        assertThatThrownBy(() -> admitted(JsonObject.of("priorityClassName", "none")))
                .hasMessage("pods \"p\" is forbidden: no PriorityClass with name none was found");
        assertThatThrownBy(() -> admitted(JsonObject.of("priority", Json.of(5))))
                .hasMessage(
                        "pods \"p\" is forbidden: the integer value of priority (5) must not be"
                                + " provided in pod spec; priority admission controller computed 0"
                                + " from the given PriorityClass name");
    }

    @Test
    void thereIsOneDefault() {
        priorityClass("usual", 7, true);
        assertThatThrownBy(() -> priorityClass("other", 8, true))
                .hasMessage(
                        "priorityclasses.scheduling.k8s.io \"other\" is forbidden: PriorityClass"
                                + " usual is already marked as default. Only one default can"
                                + " exist");
    }

    @Test
    void theSystemsClassesAreMadeOnce() {
        rules.ensure();
        assertThat(store.get(ResourceType.PRIORITY_CLASSES.key("", "system-cluster-critical")))
                .hasValueSatisfying(
                        made -> assertThat(made.json().number("value")).hasValue(2_000_000_000L));
    }
}
