// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Waves over three sites with real gateways. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RolloutIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String ROLLOUT =
            """
            apiVersion: wayside.dev/v1alpha1
            kind: GridRollout
            metadata: {name: careful, namespace: default}
            spec:
              order:
                - {name: first, sites: [site-1], canary: true}
                - {name: others}
              health: {availableForSeconds: 3}
              onFailure: Rollback
            """;

    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(3, 3);
        wayside.apply(ROLLOUT);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    /**
     * @param failing the gateway on which it ends at once
     */
    private void apply(String version, String failing) throws Exception {
        wayside.apply(
                """
                apiVersion: superedge.io/v1
                kind: DeploymentGrid
                metadata:
                  name: line
                  namespace: default
                  annotations: {wayside.dev/rollout: careful}
                spec:
                  gridUniqKey: site
                  template:
                    selector: {matchLabels: {app: line}}
                    template:
                      metadata: {labels: {app: line, version: VERSION}}
                      spec:
                        terminationGracePeriodSeconds: 1
                        containers:
                          - name: main
                            image: wayside.dev/host
                            command: [sh, -c, 'if [ $NODE = FAILING ]; then exit 1; fi; exec sleep 100000']
                            env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
                """
                        .replace("VERSION", version)
                        .replace("FAILING", failing));
    }

    private JsonObject awaitPhase(String phase) throws Exception {
        return Eventually.see(
                "phase " + phase,
                PATIENCE,
                () -> wayside.get("gridrollout", "careful").get(0).status(),
                status -> status.text("phase").equals(phase));
    }

    /** The ready pods: by gateway, version and UID. */
    private Map<String, String> pods() throws Exception {
        Map<String, String> pods = new TreeMap<>();
        for (KubeObject pod : wayside.get("pods", "-l", "app=line")) {
            if (pod.deleted().isEmpty() && pod.conditionIsTrue("Ready")) {
                pods.put(
                        pod.spec().text("nodeName"), pod.labels().get("version") + " " + pod.uid());
            }
        }
        return pods;
    }

    @Test
    @Order(1)
    void theFirstTemplateGoesInWavesToo() throws Exception {
        apply("v1", "none");
        awaitPhase("Completed");
        assertThat(pods()).hasSize(3).allSatisfy((gw, pod) -> assertThat(pod).startsWith("v1 "));
        assertThat(wayside.kubectl("get", "gr").ok())
                .contains("NAME", "GRIDS", "PHASE", "WAVE", "UPDATED", "READY", "MESSAGE", "AGE")
                .containsPattern("careful +line +Completed +2/2 +3/3 +3 ");
        assertThat(wayside.kubectl("explain", "gridrollout.spec.order").ok()).contains("canary");
    }

    @Test
    @Order(2)
    void stopsAtTheSiteThatFailsAndRollsBack() throws Exception {
        Map<String, String> before = pods();
        apply("v2", "gw-2");
        JsonObject status = awaitPhase("RolledBack");
        assertThat(status.text("failure", "site")).isEqualTo("site-2");
        assertThat(status.text("message")).containsPattern("site-2: pod line-site-2-.* restarted");
        Map<String, String> after =
                Eventually.see(
                        "the former version on all",
                        PATIENCE,
                        this::pods,
                        pods ->
                                pods.size() == 3
                                        && pods.values().stream()
                                                .allMatch(pod -> pod.startsWith("v1 ")));
        assertThat(after.get("gw-3")).as("never touched").isEqualTo(before.get("gw-3"));
        assertThat(wayside.kubectl("describe", "gridrollout", "careful").ok())
                .contains("RolloutStarted", "WaveStarted", "RollingBack", "RolledBack");
    }

    @Test
    @Order(3)
    void goesOnAfterTheConnectorWasKilledHalfWay() throws Exception {
        apply("v3", "none");
        Eventually.see(
                "the first site",
                PATIENCE,
                this::pods,
                pods -> pods.getOrDefault("gw-1", "").startsWith("v3 "));
        wayside.cutConnector();
        wayside.up(3, 3);
        awaitPhase("Completed");
        assertThat(pods()).hasSize(3).allSatisfy((gw, pod) -> assertThat(pod).startsWith("v3 "));
    }
}
