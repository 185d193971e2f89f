// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A connector on a small disk of its own, which fills and is emptied again. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DiskFullIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final int KEPT_FREE = 20 << 20;

    private Installation wayside;
    private Path disk;
    private Path filler;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        disk = Files.createDirectory(wayside.data().resolve("connector"));
        filler = disk.resolve("filler");
        command("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk.toString());
        wayside.up(1, 1);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.wayside("down").ok();
            command("umount", disk.toString());
            wayside.close();
        }
    }

    private static void command(String... words) throws Exception {
        Command.run(Duration.ofSeconds(30), Map.of(), List.of(words)).ok();
    }

    private void fill(long leave) throws IOException {
        byte[] block = new byte[1 << 12];
        try (OutputStream out = Files.newOutputStream(filler, CREATE, APPEND)) {
            while (leave == 0 || disk.toFile().getUsableSpace() > leave) {
                out.write(block);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    @Test
    void stopsWritesWithAReasonAndTakesThemAgainWhenThereIsRoom() throws Exception {
        wayside.apply(Manifests.pod("p", "wayside.dev/host", "gw-1"));
        KubeObject pod = wayside.awaitRunning("app=p", 1).get(0);
        wayside.kubectl("create", "configmap", "before", "--from-literal=a=b").ok();

        fill(KEPT_FREE);
        Command.Result refused =
                Eventually.see(
                        "a refusal",
                        SOON,
                        () -> wayside.kubectl("create", "configmap", "x" + System.nanoTime()),
                        result -> result.status() != 0);
        assertThat(refused.output())
                .contains(disk.resolve("store/objects.mv").toString())
                .contains("read-only");
        Command.Result ready = wayside.kubectl("get", "--raw", "/readyz");
        assertThat(ready.status()).isNotZero();
        assertThat(ready.output()).contains("read-only");
        wayside.kubectl("get", "--raw", "/livez").ok();

        // A workload fails meanwhile: its gateway acts, and keeps the report.
        Processes.ofPod(wayside.data(), pod.uid()).forEach(ProcessHandle::destroyForcibly);
        Eventually.see(
                "the container's next life",
                SOON,
                () -> Processes.ofPod(wayside.data(), pod.uid()),
                processes -> processes.stream().anyMatch(ProcessHandle::isAlive));
        assertThat(wayside.get("pods", "-l", "app=p")).hasSize(1);

        fill(0);
        Command.Result backup = wayside.wayside("backup", disk.resolve("backup").toString());
        assertThat(backup.status()).isNotZero();
        assertThat(backup.output()).contains("no backup was made").contains("No space left");
        assertThat(disk.resolve("backup")).doesNotExist();
        assertThat(disk.resolve("backup.part")).doesNotExist();
        assertThat(wayside.get("configmap", "before")).hasSize(1);

        Files.delete(filler);
        Eventually.see(
                "a write",
                SOON,
                () -> wayside.kubectl("create", "configmap", "after", "--from-literal=a=b"),
                result -> result.status() == 0);
        wayside.kubectl("get", "--raw", "/readyz").ok();
        Eventually.see(
                "the report that was kept",
                SOON,
                () -> wayside.get("pods", "-l", "app=p").get(0),
                now ->
                        now.status().array("containerStatuses").objects().stream()
                                .anyMatch(it -> it.number("restartCount").orElse(0) == 1));
        wayside.cutConnector();
        wayside.up(1, 1);
        assertThat(wayside.get("configmap", "before", "after")).hasSize(2);
        assertThat(wayside.get("nodes")).allMatch(node -> node.conditionIsTrue("Ready"));
    }
}
