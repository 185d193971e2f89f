// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A claim's data outlives pods and gateways, and goes with the claim. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StorageIT {
    private static final Duration SOON = Duration.ofMinutes(1);

    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(1, 1);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    private void claim(String name) throws Exception {
        wayside.apply(
                """
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: %s}
                spec:
                  accessModes: [ReadWriteOnce]
                  resources: {requests: {storage: 10Mi}}
                """
                        .formatted(name));
    }

    /** Each start of the pod adds its name to the file. */
    private void pod(String name, String claim) throws Exception {
        wayside.apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, labels: {app: %s}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: main
                      image: wayside.dev/host
                      command: ["sh", "-c", "echo %s >> $CONTAINER_SANDBOX_MOUNT_POINT/data/log; while true; do sleep 1; done"]
                      volumeMounts: [{name: v, mountPath: /data}]
                  volumes: [{name: v, persistentVolumeClaim: {claimName: %s}}]
                """
                        .formatted(name, name, name, claim));
        wayside.awaitRunning("app=" + name, 1);
    }

    private Path folder(String claim) throws Exception {
        KubeObject bound =
                Eventually.see(
                        claim + " is bound",
                        SOON,
                        () -> wayside.get("pvc", claim).get(0),
                        seen -> seen.status().text("phase").equals("Bound"));
        return wayside.gateway("gw-1").resolve("volumes").resolve("pvc-" + bound.uid());
    }

    private static void awaitContent(Path log, String content) throws Exception {
        Eventually.see("the log", SOON, () -> Files.readString(log), content::equals);
    }

    private void awaitNone(String... words) throws Exception {
        Eventually.see(
                "no " + String.join(" ", words),
                SOON,
                () -> wayside.get(words).size(),
                left -> left == 0);
    }

    @Test
    void dataOutlivesPodAndGatewayAndGoesWithTheClaim() throws Exception {
        assertThat(wayside.kubectl("get", "sc").ok())
                .contains("wayside-local (default)", "wayside.dev/local-folder")
                .contains("WaitForFirstConsumer");
        claim("data");
        pod("one", "data");
        Path folder = folder("data");
        awaitContent(folder.resolve("log"), "one\n");
        assertThat(wayside.kubectl("get", "pvc,pv").ok())
                .contains("data", "Bound", "10Mi", "RWO", "wayside-local", "default/data");

        wayside.kubectl("delete", "pod", "one").ok();
        pod("two", "data");
        awaitContent(folder.resolve("log"), "one\ntwo\n");

        wayside.cutGateway("gw-1");
        wayside.startGateway("gw-1");
        wayside.awaitRunning("app=two", 1);
        assertThat(folder.resolve("log")).hasContent("one\ntwo\n");

        wayside.kubectl("delete", "pvc", "data", "--wait=false").ok();
        assertThat(wayside.kubectl("get", "pvc", "data").ok()).contains("Terminating");
        assertThat(folder.resolve("log")).exists();
        wayside.kubectl("delete", "pod", "two").ok();
        awaitNone("pvc");
        awaitNone("pv");
        assertThat(folder).doesNotExist();
    }

    @Test
    void aGatewayThatIsAwayRemovesTheFolderWhenItIsBack() throws Exception {
        claim("away");
        claim("stays");
        pod("a", "away");
        pod("b", "stays");
        Path away = folder("away");
        Path stays = folder("stays");
        wayside.kubectl("delete", "pod", "a").ok();
        wayside.cutGateway("gw-1");
        wayside.kubectl("delete", "pvc", "away").ok();
        String volume = away.getFileName().toString();
        Eventually.see(
                "the volume waits for its gateway",
                SOON,
                () -> wayside.get("pv", volume).get(0),
                seen -> seen.deleted().isPresent() && seen.finalizers().isEmpty());
        assertThat(wayside.kubectl("get", "pv", volume).ok()).contains("Terminating");
        assertThat(away.resolve("log")).hasContent("a\n");

        wayside.startGateway("gw-1");
        Eventually.see(
                "the volume is gone",
                SOON,
                () -> wayside.get("pv"),
                left -> left.stream().noneMatch(each -> each.name().equals(volume)));
        assertThat(away).doesNotExist();
        assertThat(stays.resolve("log")).hasContent("b\n");
        wayside.kubectl("delete", "pod/b", "pvc/stays").ok();
        awaitNone("pv");
    }
}
