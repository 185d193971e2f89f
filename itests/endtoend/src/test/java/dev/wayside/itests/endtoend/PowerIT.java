// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * SIGKILL of the connector and of gateways at random moments, 50 times, while specs change: every
 * acknowledged write is still there, nothing is started twice, and containers that nobody changed
 * keep their ids.
 */
class PowerIT {
    private static final int CUTS = 50;

    /** What was acknowledged: the newest value of each ConfigMap. One writer. */
    private final Map<String, Integer> acknowledged = new TreeMap<>();

    @Test
    void nothingAcknowledgedIsLostAndNothingStartsTwice() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        System.out.println("cuts: seed " + seed);
        try (Installation wayside = Installation.withProcesses()) {
            wayside.up(2, 2);
            Path starts = Files.createDirectory(wayside.data().resolve("starts"));
            wayside.apply(countingGrid("steady", starts, 0));
            wayside.apply(countingGrid("moving", starts, 0));
            Map<String, String> steady = containerIds(wayside.awaitRunning("app=steady", 2));
            wayside.awaitRunning("app=moving", 2);

            AtomicBoolean done = new AtomicBoolean();
            Thread writer = new Thread(() -> write(wayside, starts, done), "wayside-test-writer");
            writer.start();
            try {
                for (int cut = 0; cut < CUTS; cut++) {
                    Thread.sleep(
                            random.nextInt(1_500)); // the moment of a power cut is nobody's choice
                    String gateway = "gw-" + (1 + random.nextInt(2));
                    switch (cut % 3) {
                        case 0 -> wayside.cutConnector();
                        // The supervisor starts it again.
                        case 1 -> Installation.kill(wayside.gatewayPid(gateway));
                        default -> {
                            wayside.cutConnector();
                            wayside.cutGateway(gateway);
                        }
                    }
                    if (cut % 3 != 1) {
                        wayside.up(2, 2);
                    }
                }
            } finally {
                done.set(true);
                writer.join();
            }
            wayside.up(2, 2);

            assertThat(acknowledged).isNotEmpty();
            for (Map.Entry<String, Integer> entry : acknowledged.entrySet()) {
                int there =
                        Integer.parseInt(
                                wayside.get("cm", entry.getKey())
                                        .get(0)
                                        .json()
                                        .text("data", "count"));
                // A write may have taken effect although its answer was lost; an older value may
                // never come back.
                assertThat(there).as(entry.getKey()).isGreaterThanOrEqualTo(entry.getValue());
            }
            assertThat(containerIds(wayside.awaitRunning("app=steady", 2))).isEqualTo(steady);
            List<KubeObject> moving = wayside.awaitRunning("app=moving", 2);
            // Each container writes one line when it starts: pod UID and how often that pod
            // restarted it.
            Map<String, Long> lines = new TreeMap<>();
            for (String grid : List.of("steady", "moving")) {
                Files.readAllLines(starts.resolve(grid))
                        .forEach(line -> lines.merge(line, 1L, Long::sum));
            }
            for (KubeObject pod : moving) {
                assertThat(lines.get(pod.uid())).as("starts of " + pod.name()).isEqualTo(1);
            }
            assertThat(lines.values()).as("starts of any pod, ever").allMatch(count -> count == 1);
        }
    }

    private void write(Installation wayside, Path starts, AtomicBoolean done) {
        try {
            for (int n = 1; !done.get(); n++) {
                String name = "cm-" + n % 10;
                Command.Result result =
                        wayside.kubectl(
                                "--request-timeout=10s",
                                "apply",
                                "-f",
                                Files.writeString(
                                                wayside.data().resolve("cm.yaml"),
                                                "{apiVersion: v1, kind: ConfigMap, metadata: {name:"
                                                        + " "
                                                        + name
                                                        + "}, data: {count: '"
                                                        + n
                                                        + "'}}")
                                        .toString());
                if (result.status() == 0) {
                    acknowledged.put(name, n);
                }
                if (n % 8 == 0) {
                    wayside.kubectl(
                            "--request-timeout=10s",
                            "apply",
                            "-f",
                            Files.writeString(
                                            wayside.data().resolve("moving.yaml"),
                                            countingGrid("moving", starts, n))
                                    .toString());
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, String> containerIds(List<KubeObject> pods) {
        return pods.stream()
                .collect(
                        Collectors.toMap(
                                KubeObject::uid,
                                pod ->
                                        pod.status()
                                                .array("containerStatuses")
                                                .objects()
                                                .get(0)
                                                .text("containerID")));
    }

    /** Each container appends its pod's UID to a file of its own grid as it starts. */
    private static String countingGrid(String name, Path starts, int version) {
        return """
        apiVersion: superedge.io/v1
        kind: DeploymentGrid
        metadata: {name: %1$s, namespace: default}
        spec:
          gridUniqKey: site
          template:
            replicas: 1
            selector: {matchLabels: {app: %1$s}}
            template:
              metadata: {labels: {app: %1$s}, annotations: {version: "%3$d"}}
              spec:
                terminationGracePeriodSeconds: 1
                containers:
                  - name: main
                    image: wayside.dev/host
                    command: [sh, -c, "echo $UID_OF_POD >>%2$s/%1$s; trap 'exit 0' TERM; while true; do sleep 1; done"]
                    env:
                      - {name: UID_OF_POD, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
        """
                .formatted(name, starts, version);
    }
}
