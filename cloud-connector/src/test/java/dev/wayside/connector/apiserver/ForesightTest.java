// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is foretold of a write goes into its answer, and never stands in its way. */
final class ForesightTest {
    private static final String NODES = "/api/v1/nodes";

    @TempDir Path folder;
    private final List<ChangePlans.Change> asked = new ArrayList<>();
    private Function<ChangePlans.Change, List<String>> plan = change -> List.of();
    private TestingApi api;

    @BeforeEach
    void start() throws Exception {
        ChangePlans plans =
                new ChangePlans() {
                    @Override
                    public boolean concerns(ResourceType type) {
                        return type.plural().equals("nodes") || type.plural().equals("nodeunits");
                    }

                    @Override
                    public List<String> warnings(Change change) {
                        asked.add(change);
                        return plan.apply(change);
                    }
                };
        api =
                new TestingApi(
                        EmbeddedObjectStore.open(
                                folder,
                                new BuiltInKinds(),
                                StoreSettings.DEFAULT,
                                Clock.systemUTC()),
                        Clock.systemUTC(),
                        (user, request) -> Authorizer.Decision.ALLOW,
                        plans);
        api.post(NODES, "{'metadata':{'name':'a','labels':{'site':'s'}}}");
        asked.clear();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private TestingExchange label(String query, String value) {
        return api.send(
                "PATCH",
                NODES + "/a" + query,
                TestingApi.MERGE,
                "{'metadata':{'labels':{'site':" + value + "}}}");
    }

    @Test
    void aWriteIsForetoldBeforeItIsWritten() {
        plan = change -> List.of("it \"would\" go");
        TestingExchange dry = label("?dryRun=All", "null");
        assertThat(dry.response().header("warning")).isEqualTo("299 - \"it \\\"would\\\" go\"");
        assertThat(asked).singleElement().matches(ChangePlans.Change::dryRun);
        assertThat(asked.get(0).before().labels()).containsEntry("site", "s");
        assertThat(asked.get(0).after().labels()).isEmpty();
        assertThat(label("", "null").response().header("warning")).startsWith("299 - ");
        assertThat(asked.get(1).dryRun()).isFalse();
        TestingExchange delete =
                api.send("DELETE", NODES + "/a?dryRun=All", "application/json", "");
        assertThat(delete.response().header("warning")).startsWith("299 - ");
        assertThat(asked.get(2).after()).isNull();
    }

    @Test
    void isAskedInTheVersionThatIsStored() {
        String first = "/apis/site.superedge.io/v1alpha1/nodeunits";
        api.post(first, "{'metadata':{'name':'u'},'spec':{'setnode':{'labels':{'a':'b'}}}}");
        api.send(
                "PATCH",
                first + "/u?dryRun=All",
                TestingApi.MERGE,
                "{'spec':{'setnode':{'labels':{'a':'c'}}}}");
        api.send("DELETE", first + "/u?dryRun=All", "application/json", "");
        assertThat(asked).hasSize(3);
        for (ChangePlans.Change change : asked) {
            assertThat(change.type().qualified()).isEqualTo(ResourceType.NODE_UNITS.qualified());
        }
        assertThat(setLabel(asked.get(0).after())).isEqualTo("b");
        assertThat(setLabel(asked.get(1).before())).isEqualTo("b");
        assertThat(setLabel(asked.get(1).after())).isEqualTo("c");
        assertThat(setLabel(asked.get(2).before())).isEqualTo("b");
    }

    private static String setLabel(KubeObject unit) {
        return unit.spec().text("setNode", "labels", "a");
    }

    @Test
    void aFailureIsNoReasonToRefuse() {
        plan =
                change -> {
                    throw new IllegalStateException("a fault");
                };
        TestingExchange done = label("", "'other'");
        assertThat(done.response().status()).isEqualTo(200);
        assertThat(done.response().header("warning")).isEmpty();
    }

    @Test
    void warningsHaveABound() {
        plan = change -> IntStream.range(0, 500).mapToObj(i -> "x".repeat(1_000) + i).toList();
        String header = label("?dryRun=All", "null").response().header("warning");
        assertThat(header.length()).isLessThan(8_192);
        assertThat(header).contains("...\", 299 - ").endsWith("more warnings\"");
    }
}
