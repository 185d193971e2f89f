// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/**
 * The life of a pod with two init containers and all three probes, whatever runs its containers. It
 * works in a folder of the device, in which a test can see what it did and take files away.
 */
final class ProbedPod {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Installation wayside;
    private final Path folder;
    private final String manifest;

    /**
     * @param image and {@code mount}: what the folder is called inside of the containers
     */
    ProbedPod(Installation wayside, String image, String mount) throws Exception {
        this.wayside = wayside;
        this.folder = Files.createDirectory(wayside.data().resolve("probed"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        this.manifest =
                MANIFEST.replace("IMAGE", image)
                        .replace("MOUNT", mount)
                        .replace("FOLDER", folder.toString());
    }

    private static final String MANIFEST =
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: probed, namespace: default, labels: {app: probed}}
            spec:
              terminationGracePeriodSeconds: 2
              nodeName: gw-1
              volumes: [{name: w, hostPath: {path: "FOLDER", type: Directory}}]
              initContainers:
                - name: first
                  image: IMAGE
                  command: [sh, -c, 'echo first >>MOUNT/order; until [ -f MOUNT/go ]; do sleep 0.2; done']
                  volumeMounts: [{name: w, mountPath: /w}]
                - name: second
                  image: IMAGE
                  command: [sh, -c, 'echo second >>MOUNT/order; [ -f MOUNT/good ]']
                  volumeMounts: [{name: w, mountPath: /w}]
              containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, 'echo main >>MOUNT/order; touch MOUNT/ready MOUNT/alive MOUNT/up; exec sleep 100000']
                  volumeMounts: [{name: w, mountPath: /w}]
                  startupProbe:
                    exec: {command: [sh, -c, 'test -f MOUNT/up']}
                    periodSeconds: 1
                    failureThreshold: 60
                  readinessProbe:
                    exec: {command: [sh, -c, 'test -f MOUNT/ready']}
                    periodSeconds: 1
                    failureThreshold: 1
                  livenessProbe:
                    exec: {command: [sh, -c, 'test -f MOUNT/alive']}
                    periodSeconds: 1
                    failureThreshold: 2
            """;

    private KubeObject pod() throws Exception {
        return wayside.get("pod", "probed").get(0);
    }

    private String column(int index) throws Exception {
        return wayside.kubectl("get", "pod", "probed", "--no-headers")
                .ok()
                .strip()
                .split("\\s+")[index];
    }

    private JsonObject main() throws Exception {
        return pod().status().array("containerStatuses").objects().get(0);
    }

    private void awaitStatus(String pattern) throws Exception {
        Eventually.see(
                "STATUS " + pattern, PATIENCE, () -> column(2), seen -> seen.matches(pattern));
    }

    private void awaitReady(boolean ready) throws Exception {
        Eventually.see(
                "Ready=" + ready,
                PATIENCE,
                this::pod,
                pod -> pod.conditionIsTrue("Ready") == ready);
    }

    /** Both init containers, one after the other, with what kubectl shows meanwhile. */
    void initializes() throws Exception {
        wayside.apply(manifest);
        awaitStatus("Init:0/2");
        assertThat(column(1)).isEqualTo("0/1");
        assertThat(pod().status().text("phase")).isEqualTo("Pending");
        Files.createFile(folder.resolve("go"));
        awaitStatus("Init:Error|Init:CrashLoopBackOff");
        awaitStatus("Init:CrashLoopBackOff");
        assertThat(Files.readAllLines(folder.resolve("order"))).doesNotContain("main");
        Files.createFile(folder.resolve("good"));
        awaitReady(true);
        assertThat(column(1)).isEqualTo("1/1");
        assertThat(column(2)).isEqualTo("Running");
        assertThat(Files.readAllLines(folder.resolve("order")))
                .startsWith("first", "second")
                .endsWith("second", "main");
        assertThat(pod().conditionIsTrue("Initialized")).isTrue();
        assertThat(main().flag("started")).isTrue();
    }

    void losesReadinessWithItsFileAndGetsItBack() throws Exception {
        String id = main().text("containerID");
        Files.delete(folder.resolve("ready"));
        awaitReady(false);
        assertThat(column(1)).isEqualTo("0/1");
        Files.createFile(folder.resolve("ready"));
        awaitReady(true);
        assertThat(main().text("containerID")).isEqualTo(id);
        assertThat(main().number("restartCount")).hasValue(0);
    }

    void isRestartedByLiveness() throws Exception {
        Files.delete(folder.resolve("alive"));
        Eventually.see(
                "a restart",
                PATIENCE,
                this::main,
                status -> status.number("restartCount").orElse(0) == 1 && status.flag("ready"));
        assertThat(wayside.kubectl("describe", "pod", "probed").ok())
                .contains(
                        "Liveness probe failed",
                        "Container main failed liveness probe, will be restarted");
        assertThat(Files.readAllLines(folder.resolve("order"))).endsWith("main", "main");
    }

    /** The same container, still ready, and no init container again. */
    void staysAsItIsWhenTheGatewayIsKilled() throws Exception {
        KubeObject before = pod();
        String ran = Files.readString(folder.resolve("order"));
        wayside.cutGateway("gw-1");
        wayside.startGateway("gw-1");
        Files.delete(folder.resolve("ready"));
        awaitReady(false); // so that the new gateway has surely worked on it
        Files.createFile(folder.resolve("ready"));
        awaitReady(true);
        assertThat(main().text("containerID"))
                .isEqualTo(
                        before.status()
                                .array("containerStatuses")
                                .objects()
                                .get(0)
                                .text("containerID"));
        assertThat(main().number("restartCount")).hasValue(1);
        assertThat(pod().status().array("initContainerStatuses"))
                .isEqualTo(before.status().array("initContainerStatuses"));
        assertThat(pod().condition("Initialized")).isEqualTo(before.condition("Initialized"));
        assertThat(Files.readString(folder.resolve("order"))).isEqualTo(ran);
    }

    /** Killed while it was ready, it is ready when the new gateway first tells of it. */
    void isNeverUnreadyForTheGatewaysSake() throws Exception {
        JsonObject ready = pod().condition("Ready").orElseThrow();
        wayside.cutGateway("gw-1");
        wayside.startGateway("gw-1");
        wayside.kubectl("annotate", "pod", "probed", "seen=yes").ok();
        for (int i = 0; i < 10; i++) {
            assertThat(pod().condition("Ready")).contains(ready);
            assertThat(main().flag("ready")).isTrue();
        }
    }

    void goes() throws Exception {
        wayside.kubectl("delete", "pod", "probed", "--timeout=60s").ok();
    }
}
