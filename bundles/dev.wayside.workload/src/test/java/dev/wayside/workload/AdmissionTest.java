// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodRequests;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class AdmissionTest {
    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private static final PodRequests SOME =
            new PodRequests(500, 100, Set.of(new PodRequests.HostPort("", "TCP", 80)));

    private final KubeObject node =
            KubeObject.of(ResourceType.NODES, "", "gateway-1")
                    .withLabels(Map.of("site", "site-1", "disk", "flash"))
                    .withStatus(
                            TestGateway.parse(
                                    """
                                    {"allocatable": {"cpu": "1", "memory": "1000", "pods": "2"}}\
                                    """));

    private PodRecord decide(String spec, boolean adopted, PodRequests... others) {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", "web")
                        .withMetadata(
                                JsonObject.builder()
                                        .put("name", "web")
                                        .put("namespace", "default")
                                        .put("uid", "u-1")
                                        .build())
                        .withSpec(TestGateway.parse(spec));
        return Admission.decide(pod, node, List.of(others), adopted, NOW);
    }

    private static String asking(String cpu, String memory) {
        return """
        {"terminationGracePeriodSeconds": 5,
         "containers": [{"resources": {"requests": {"cpu": "%s", "memory": "%s"}}}]}\
        """
                .formatted(cpu, memory);
    }

    @Test
    void takesWhatFitsExactly() {
        PodRecord record = decide(asking("500m", "900"), false, SOME);
        assertThat(record.admitted()).isTrue();
        assertThat(record.requests().milliCpu()).isEqualTo(500);
        assertThat(record.graceSeconds()).isEqualTo(5);
    }

    @Test
    void saysOfWhatThereIsTooLittle() {
        assertThat(decide(asking("501m", "1"), false, SOME).rejection()).isEqualTo("OutOfcpu");
        assertThat(decide(asking("1m", "901"), false, SOME).rejection()).isEqualTo("OutOfmemory");
        assertThat(decide(asking("1m", "1"), false, SOME, SOME).rejection()).isEqualTo("OutOfpods");
        assertThat(decide(asking("many", "1"), false).rejection()).isEqualTo("InvalidPod");
    }

    @Test
    void aPodThatRunsAlreadyIsNeverRejected() {
        assertThat(decide(asking("9", "9G"), true, SOME, SOME).admitted()).isTrue();
        assertThat(decide(asking("many", "1"), true).admitted()).isTrue();
    }

    @Test
    void aHostPortIsGivenOnce() {
        String spec =
                """
                {"containers": [{"ports": [{"containerPort": 8080, "hostPort": 80}]}]}\
                """;
        assertThat(decide(spec, false, SOME).rejection()).isEqualTo("HostPortConflict");
        assertThat(decide(spec, false).admitted()).isTrue();
    }

    @Test
    void theNodeMustBeTheOneThatWasAskedFor() {
        assertThat(
                        decide(
                                        """
                                        {"nodeSelector": {"site": "site-1"}}\
                                        """,
                                        false)
                                .admitted())
                .isTrue();
        assertThat(
                        decide(
                                        """
                                        {"nodeSelector": {"site": "site-2"}}\
                                        """,
                                        false)
                                .rejection())
                .isEqualTo("NodeAffinity");
        String affinity =
                """
                {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                  "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["%s"]}]},
                    {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["other"]}]}]}}}}\
                """;
        assertThat(decide(affinity.formatted("flash"), false).admitted()).isTrue();
        assertThat(decide(affinity.formatted("tape"), false).admitted()).isFalse();
    }

    @Test
    void aRecordIsReadBackAsItWasWritten() {
        PodRecord record =
                decide(
                                """
                                {"containers": [{"ports": [{"containerPort": 1, "hostPort": 2, "hostIP": "127.0.0.1"}]}]}\
                                """,
                                false)
                        .withDriver("docker");
        assertThat(PodRecord.of("u-1", record.toJson())).isEqualTo(record);
    }
}
