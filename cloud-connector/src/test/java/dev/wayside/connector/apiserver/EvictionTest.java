// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvictionTest {
    private static final String PODS = "/api/v1/namespaces/default/pods";

    @TempDir Path folder;
    private TestingApi api;
    private String uid;

    @BeforeEach
    void start() throws Exception {
        api =
                new TestingApi(
                        folder, Clock.systemUTC(), (user, request) -> Authorizer.Decision.ALLOW);
        uid =
                api.store()
                        .create(
                                ResourceType.PODS,
                                new KubeObject(
                                        (JsonObject)
                                                TestingApi.json(
                                                        "{'metadata': {'name': 'p', 'namespace':"
                                                            + " 'default'}, 'spec': {'nodeName':"
                                                            + " 'gw', 'containers': [{'name': 'c',"
                                                            + " 'image': 'i'}]}}")),
                                WriteOptions.by("test"))
                        .uid();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private int evict(String more) {
        return evict("policy/v1", more);
    }

    private int evict(String version, String more) {
        TestingExchange answer =
                api.post(
                        PODS + "/p/eviction",
                        "{'apiVersion': '"
                                + version
                                + "', 'kind': 'Eviction', 'metadata': {'name': 'p', 'namespace':"
                                + " 'default'}"
                                + more
                                + "}");
        assertThat(answer.json().text("kind")).isEqualTo("Status");
        return answer.response().status();
    }

    private JsonObject metadata() {
        return api.get(PODS + "/p").object("metadata");
    }

    @Test
    void thePodIsAskedToStop() {
        assertThat(evict("policy/v1beta1", ", 'deleteOptions': {'gracePeriodSeconds': 7}"))
                .isEqualTo(201);
        assertThat(metadata().number("deletionGracePeriodSeconds")).hasValue(7);
        assertThat(metadata().has("deletionTimestamp")).isTrue();
    }

    @Test
    void onlyThePodThatIsMeantGoes() {
        assertThat(evict(", 'deleteOptions': {'preconditions': {'uid': 'other'}}")).isEqualTo(409);
        assertThat(evict(", 'deleteOptions': {'preconditions': {'resourceVersion': '1'}}"))
                .isEqualTo(409);
        assertThat(metadata().has("deletionTimestamp")).isFalse();
        assertThat(evict(", 'deleteOptions': {'preconditions': {'uid': '" + uid + "'}}"))
                .isEqualTo(201);
        assertThat(metadata().has("deletionTimestamp")).isTrue();
    }

    /** A budget as its controller would have it, for a pod that runs and is ready. */
    private void budget(String name, int allowed) throws Exception {
        KubeObject pod = api.store().get(ResourceType.PODS.key("default", "p")).orElseThrow();
        if (!pod.status().text("phase").equals("Running")) {
            api.store()
                    .update(
                            ResourceType.PODS,
                            pod.withLabels(Map.of("app", "web")).withoutMetadata("resourceVersion"),
                            "",
                            WriteOptions.by("test"));
            ready("True");
        }
        KubeObject budget =
                api.store()
                        .create(
                                ResourceType.POD_DISRUPTION_BUDGETS,
                                KubeObject.of(ResourceType.POD_DISRUPTION_BUDGETS, "default", name)
                                        .withSpec(
                                                object(
                                                        "{'minAvailable': 1, 'selector':"
                                                            + " {'matchLabels': {'app': 'web'}}}")),
                                WriteOptions.by("test"));
        api.store()
                .update(
                        ResourceType.POD_DISRUPTION_BUDGETS,
                        budget.withStatus(
                                object(
                                        "{'observedGeneration': 1, 'currentHealthy': 1,"
                                                + " 'expectedPods': 2, 'desiredHealthy': 1,"
                                                + " 'disruptionsAllowed': "
                                                + allowed
                                                + "}")),
                        "status",
                        WriteOptions.by("test"));
    }

    private void ready(String status) throws Exception {
        KubeObject pod = api.store().get(ResourceType.PODS.key("default", "p")).orElseThrow();
        api.store()
                .update(
                        ResourceType.PODS,
                        pod.withStatus(
                                object(
                                        "{'phase': 'Running', 'conditions': [{'type': 'Ready',"
                                                + " 'status': '"
                                                + status
                                                + "'}]}")),
                        "status",
                        WriteOptions.by("test"));
    }

    private static JsonObject object(String json) throws Exception {
        return (JsonObject) TestingApi.json(json);
    }

    private JsonObject budgetStatus() {
        return api.get("/apis/policy/v1/namespaces/default/poddisruptionbudgets/web")
                .object("status");
    }

    @Test
    void aBudgetThatAllowsNoneKeepsThePod() throws Exception {
        budget("web", 0);
        TestingExchange answer =
                api.post(PODS + "/p/eviction", "{'apiVersion': 'policy/v1', 'kind': 'Eviction'}");
        assertThat(answer.response().status()).isEqualTo(429);
        assertThat(answer.json().text("message"))
                .isEqualTo("Cannot evict pod as it would violate the pod's disruption budget.");
        assertThat(answer.json().array("details", "causes").objects().get(0).text("message"))
                .isEqualTo("The disruption budget web needs 1 healthy pods and has 1 currently");
        // drain says so and waits; a header would have the client try on in silence.
        assertThat(answer.response().headers()).doesNotContainKey("retry-after");
        assertThat(metadata().has("deletionTimestamp")).isFalse();
        ready("False");
        assertThat(evict("")).as("a pod that is not ready costs nothing").isEqualTo(201);
    }

    @Test
    void anEvictionTakesOneOffTheBudgetAndNotesThePod() throws Exception {
        budget("web", 1);
        assertThat(evict(", 'deleteOptions': {'preconditions': {'uid': 'other'}}")).isEqualTo(409);
        assertThat(evict(", 'deleteOptions': {'dryRun': ['All']}")).isEqualTo(201);
        assertThat(budgetStatus().number("disruptionsAllowed")).hasValue(1);
        assertThat(evict("")).isEqualTo(201);
        assertThat(budgetStatus().number("disruptionsAllowed")).hasValue(0);
        assertThat(budgetStatus().object("disruptedPods").has("p")).isTrue();
        assertThat(metadata().has("deletionTimestamp")).isTrue();
    }

    @Test
    void aPodWithTwoBudgetsIsNotEvicted() throws Exception {
        budget("web", 1);
        budget("too", 1);
        assertThat(evict("")).isEqualTo(500);
        assertThat(metadata().has("deletionTimestamp")).isFalse();
    }

    @Test
    void aTrialChangesNothing() {
        assertThat(evict(", 'deleteOptions': {'dryRun': ['All']}")).isEqualTo(201);
        assertThat(metadata().has("deletionTimestamp")).isFalse();
    }

    @Test
    void whatIsNoEvictionOfThisPodIsRefused() {
        for (String body :
                new String[] {
                    "{'kind': 'Pod', 'apiVersion': 'v1'}",
                    "{'kind': 'Eviction', 'apiVersion': 'policy/v2'}",
                    "{'kind': 'Eviction', 'apiVersion': 'policy/v1', 'metadata': {'name': 'q'}}",
                    "[]"
                }) {
            assertThat(api.post(PODS + "/p/eviction", body).response().status())
                    .as(body)
                    .isEqualTo(400);
        }
        assertThat(
                        api.post(
                                        PODS + "/q/eviction",
                                        "{'kind': 'Eviction', 'apiVersion':" + " 'policy/v1'}")
                                .response()
                                .status())
                .isEqualTo(404);
        assertThat(api.send("GET", PODS + "/p/eviction", Map.of(), "").response().status())
                .isEqualTo(405);
        assertThat(metadata().has("deletionTimestamp")).isFalse();
    }

    @Test
    void clientsFindIt() {
        Json eviction =
                api.get("/api/v1").array("resources").objects().stream()
                        .filter(resource -> resource.text("name").equals("pods/eviction"))
                        .findFirst()
                        .orElseThrow();
        assertThat(eviction)
                .isEqualTo(
                        TestingApi.json(
                                "{'name': 'pods/eviction', 'singularName': '', 'namespaced': true,"
                                        + " 'group': 'policy', 'version': 'v1', 'kind': 'Eviction',"
                                        + " 'verbs': ['create']}"));
    }

    @Test
    void otherUpgradesThanWatchesAreRefusedInWords() {
        TestingExchange answer =
                api.send(
                        "POST",
                        PODS + "/p/exec?command=x",
                        Map.of("upgrade", "SPDY/3.1", "connection", "upgrade"),
                        "");
        assertThat(answer.response().status()).isEqualTo(400);
        assertThat(answer.json().text("message")).contains("only watches may become WebSockets");
    }
}
